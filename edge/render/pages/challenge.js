/**
 * The challenge page's own script: starts the workers, shows progress, hands the solution in, and loads the same page again.
 *
 * The page was answered in place of the one asked for, at its own address, so loading it again keeps path, query and fragment, and
 * there is no return address that anybody could forge. A form that the edge kept is sent on from there. After one that it did not keep, a button does it: a
 * browser asks whether to send the form again, and some do so only when a person has pressed something.
 * Three announcements, no more, for screen readers. Other tabs that wait for the same site hear of the pass and load too. A browser that
 * keeps no cookies is found out by one test, before any work, and told in words; inside a frame it is given a link to a window.
 * Where more is asked, the solution found here begins it, and another script is loaded that goes on (strong.js).
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
    progress.hidden = true;
    say('failed');
  };
  var isForm = body.getAttribute('data-method') !== 'GET';
  /** Whether the form is kept, and sent on from here without being sent by the browser again. */
  var isKept = body.getAttribute('data-kept') === 'kept';
  var again = document.getElementById('again');
  again.onclick = function () {
    location.reload();
  };
  if (isForm && !isKept) document.getElementById('form').hidden = false;

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
  /** Whether a cookie such as ours would be kept here: the one test, with a cookie that says nothing and is taken away at once. */
  function keepsCookies() {
    var name = 'portcullis-test';
    try {
      document.cookie = name + '=1; path=/; samesite=lax';
      var kept = document.cookie.indexOf(name + '=1') !== -1;
      document.cookie = name + '=; path=/; max-age=0; samesite=lax';
      return kept;
    } catch (_) {
      return false;
    }
  }
  if (!keepsCookies()) {
    say('cookies');
    var frame = document.getElementById('frame');
    if (window.top !== window) {
      frame.querySelector('a').href = location.href;
      frame.hidden = false;
    }
    return;
  }
  if (looping()) {
    fail();
    return;
  }

  /** Tells other tabs, and hears of them, by whichever of two ways the browser has. */
  var channel = window.BroadcastChannel ? new BroadcastChannel('portcullis') : null;
  function tellOthers() {
    if (channel !== null) channel.postMessage('passed');
    else
      try {
        localStorage.setItem('portcullis-passed', String(Date.now()));
        localStorage.removeItem('portcullis-passed');
      } catch (_) {}
  }
  function heardPassed() {
    if (solved || (isForm && !isKept)) return;
    solved = true;
    end();
    say('done');
    onward();
  }
  if (channel !== null) channel.onmessage = heardPassed;
  else
    window.addEventListener('storage', function (event) {
      if (event.key === 'portcullis-passed' && event.newValue !== null) heardPassed();
    });

  progress.hidden = false;
  say('working');
  var expected = 281474976710656 / target;
  var count = Math.max(1, Math.min(4, navigator.hardwareConcurrency || 1));
  var workers = [];
  var tried = 0;
  var solved = false;
  var halfSaid = false;
  /** Whether more is asked than the solution that is found here. */
  var strong = body.getAttribute('data-strong') === '1';

  function advance(part) {
    progress.value = part;
    if (part > 0.5 && !halfSaid) {
      halfSaid = true;
      say('half');
    }
  }
  /** The page that was asked for: the same address again, or the kept form on its way. */
  function onward() {
    if (!isKept) {
      location.reload();
      return;
    }
    var form = document.createElement('form');
    form.method = 'post';
    form.action = decodeURIComponent(body.getAttribute('data-deliver'));
    body.appendChild(form);
    form.submit();
  }
  function end() {
    workers.forEach(function (worker) {
      worker.terminate();
    });
  }
  function passed() {
    tellOthers();
    if (isForm && !isKept) {
      say('form');
      again.hidden = false;
    } else {
      say('done');
      onward();
    }
  }
  function goOn(counter) {
    var script = document.createElement('script');
    script.src = '/.well-known/portcullis/captcha/strong.js';
    script.onerror = fail;
    script.onload = function () {
      self.portcullisStrong({
        token: token,
        counter: counter,
        progress: advance,
        say: function (name) {
          halfSaid = true;
          say(name);
        },
        passed: passed,
        fail: fail,
        again: function () {
          location.reload();
        },
      });
    };
    document.body.appendChild(script);
  }
  function finish(counter) {
    solved = true;
    end();
    if (strong) {
      advance(0.2);
      goOn(counter);
      return;
    }
    progress.value = 1;
    fetch('/.well-known/portcullis/verify', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 't=' + token + '&c=' + counter,
    }).then(function (answer) {
      if (answer.status === 204) passed();
      else fail();
    }, fail);
  }
  function heard(message) {
    if (solved) return;
    if (message.data.counter !== undefined) {
      finish(message.data.counter);
      return;
    }
    tried += message.data.tried;
    advance((strong ? 0.2 : 1) * (1 - Math.exp(-tried / expected)));
  }
  for (var i = 0; i < count; i++) {
    var worker = new Worker('/.well-known/portcullis/worker.js');
    worker.onmessage = heard;
    worker.onerror = fail;
    worker.postMessage({ token: token, target: target, from: i, step: count });
    workers.push(worker);
  }
})();
