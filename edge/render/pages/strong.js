/**
 * Stronger work, on the challenge page: loaded by challenge.js only when it is asked for, when its own first solution is found.
 *
 * Begins with that solution, gets a puzzle, has a worker solve it, sends the answer, gets the next, until the clearance is there (204). A service
 * that is full is asked again after the time that it names; one that is away (or has forgotten) ends in a new load of the page, which then asks
 * for the ordinary work. Eight seconds after the beginning the waiting line is offered; a minute after it the work ends.
 */
(function () {
  'use strict';
  var folder = '/.well-known/portcullis/captcha/';
  var offerMs = 8000;
  var mostMs = 60000;

  /** `page`: token, counter, and the page's own progress(0 to 1), say(name), passed(), fail(), again(). */
  self.portcullisStrong = function (page) {
    var worker = new Worker(folder + 'solver.js');
    var offer = setTimeout(function () {
      page.say('slow');
    }, offerMs);
    var limit = setTimeout(function () {
      end(page.fail);
    }, mostMs);
    var ended = false;

    function end(how) {
      if (ended) return;
      ended = true;
      clearTimeout(offer);
      clearTimeout(limit);
      worker.terminate();
      how();
    }
    function send(path, fields, token) {
      if (ended) return;
      var body = Object.keys(fields).map(function (name) {
        return name + '=' + encodeURIComponent(fields[name]);
      });
      if (token !== null) body.push('t=' + token);
      fetch(folder + path, {
        method: 'POST',
        credentials: 'same-origin',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: body.join('&'),
      }).then(function (answer) {
        if (answer.status === 204) end(page.passed);
        else if (answer.status === 200)
          answer.json().then(function (job) {
            solve(job, answer.headers.get('portcullis-token'));
          }, fail);
        else if (answer.status === 429) {
          var next = answer.headers.get('portcullis-token') || token;
          setTimeout(
            function () {
              send(path, fields, next);
            },
            1000 * Number(answer.headers.get('retry-after') || 5),
          );
        } else if (answer.status === 410 || answer.status >= 500) end(page.again);
        else fail();
      }, fail);
    }
    function fail() {
      end(page.fail);
    }
    function solve(job, token) {
      var from = job.kind === 'time' ? 0.2 : 0.6;
      worker.onerror = fail;
      worker.onmessage = function (message) {
        var told = message.data;
        if (told.trouble !== undefined) fail();
        else if (told.answer === undefined) page.progress(from + 0.4 * told.part);
        else if (told.hashMs === undefined) send('answer', { a: told.answer }, token);
        else send('answer', { a: told.answer, b: told.hashMs }, token);
      };
      worker.postMessage(job);
    }
    send('begin', { c: page.counter }, page.token);
  };
})();
