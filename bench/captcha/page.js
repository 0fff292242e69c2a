/**
 * The page of the bench: a whole check, from begin to token, with the solver that visitors get.
 *
 * `check('worker')` as the widget does it. `check('page')` runs the same script in the page's own thread: Chromium slows no other one down.
 */
(function () {
  'use strict';
  async function post(path, body) {
    var response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.json();
  }
  function inWorker() {
    var worker = new Worker('/captcha/solver.js');
    return function (step) {
      return new Promise(function (resolve, reject) {
        worker.onmessage = function (message) {
          if (message.data.answer !== undefined) resolve(message.data);
          if (message.data.trouble !== undefined) reject(new Error(message.data.trouble));
        };
        worker.onerror = reject;
        worker.postMessage(step);
      });
    };
  }
  function script(src) {
    return new Promise(function (resolve, reject) {
      var element = document.createElement('script');
      element.src = src;
      element.onload = resolve;
      element.onerror = reject;
      document.head.append(element);
    });
  }
  async function inPage() {
    var told = function () {};
    window.importScripts = function () {};
    window.postMessage = function (data) {
      told(data);
    };
    await script('/captcha/argon2.js');
    await script('/captcha/solver.js');
    var solver = window.onmessage;
    window.onmessage = null;
    return function (step) {
      return new Promise(function (resolve, reject) {
        told = function (data) {
          if (data.answer !== undefined) resolve(data);
          if (data.trouble !== undefined) reject(new Error(data.trouble));
        };
        solver({ data: step });
      });
    };
  }
  window.check = async function (where) {
    var began = performance.now();
    var solve = where === 'worker' ? inWorker() : await inPage();
    var reply = await post('/check/begin', { siteKey: 'bench-of-the-captcha', host: 'shop.example', action: 'login' });
    var hashMs = null;
    var steps = 0;
    for (; reply.do === 'step'; steps += 1) {
      var solved = await solve(reply.step);
      if (solved.hashMs !== undefined) hashMs = solved.hashMs;
      reply = await post('/check/answer', { line: reply.line, a: solved.answer, b: hashMs });
    }
    return { tookMs: performance.now() - began, steps: steps, hashMs: hashMs, end: reply.do };
  };
})();
