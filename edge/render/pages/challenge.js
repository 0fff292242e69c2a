/**
 * The challenge page's own script: starts the workers, shows progress, hands the solution in, and loads the same page again.
 *
 * The page was answered in place of the one asked for, at its own address, so loading it again keeps path, query and fragment, and
 * there is no return address that anybody could forge. After a form was sent, a button does it: a
 * browser asks whether to send the form again, and some do so only when a person has pressed something.
 * Three announcements, no more, for screen readers. A browser that refuses the cookie is told so instead of looping.
 */
(function () {
  'use strict';
  var body = document.body;
  var token = body.getAttribute('data-token');
  var target = Number(body.getAttribute('data-target'));
  var progress = document.getElementById('progress');
  var status = document.getElementById('status');
  var say = function (name) {
    var text = status.getAttribute('data-' + name);
    if (status.textContent !== text) status.textContent = text;
  };
  var fail = function () {
    progress.value = 0;
    say('failed');
  };
  var isForm = body.getAttribute('data-method') !== 'GET';
  var again = document.getElementById('again');
  again.onclick = function () {
    location.reload();
  };
  if (isForm) document.getElementById('form').hidden = false;

  /** Whether the last minute saw so many checks in this tab that another would be the start of a loop. */
  function looping() {
    try {
      var now = Date.now();
      var past = JSON.parse(sessionStorage.getItem('portcullis-checks') || '[]').filter(function (at) {
        return now - at < 60000;
      });
      past.push(now);
      sessionStorage.setItem('portcullis-checks', JSON.stringify(past.slice(-5)));
      return past.length > 4;
    } catch (_) {
      return false;
    }
  }
  if (looping() || !navigator.cookieEnabled) {
    fail();
    return;
  }

  var expected = 281474976710656 / target;
  var count = Math.max(1, Math.min(4, navigator.hardwareConcurrency || 1));
  var workers = [];
  var tried = 0;
  var solved = false;

  function finish(counter) {
    solved = true;
    workers.forEach(function (worker) {
      worker.terminate();
    });
    progress.value = 1;
    fetch('/.well-known/portcullis/verify', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 't=' + token + '&c=' + counter,
    }).then(function (answer) {
      if (answer.status === 204) {
        if (isForm) {
          say('form');
          again.hidden = false;
        } else {
          say('done');
          location.reload();
        }
      } else fail();
    }, fail);
  }
  function heard(message) {
    if (solved) return;
    if (message.data.counter !== undefined) {
      finish(message.data.counter);
      return;
    }
    tried += message.data.tried;
    progress.value = 1 - Math.exp(-tried / expected);
    if (progress.value > 0.5) say('half');
  }
  for (var i = 0; i < count; i++) {
    var worker = new Worker('/.well-known/portcullis/worker.js');
    worker.onmessage = heard;
    worker.onerror = fail;
    worker.postMessage({ token: token, target: target, from: i, step: count });
    workers.push(worker);
  }
})();
