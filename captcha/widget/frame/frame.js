/**
 * The frame of the captcha on somebody's page: shows the box, does the check with the provider, hands the token to the page's script (api.js).
 *
 * It asks the provider (contract/captcha.ts) from its own origin, so the page's policy is not asked about workers or WebAssembly. A step is solved in a
 * worker, by the same solver as the shield's. After eight seconds, or where there is no worker that can do it, the step is given back for a place
 * in the waiting line. Three announcements for screen readers, no more; nothing takes the focus; nothing has to be pressed in time.
 * The hostname in a token is that of the page that speaks to this frame, as the browser says it (`event.origin`): a page cannot claim another's. A
 * program without a browser can claim what it likes, here as with any captcha.
 */
(function () {
  'use strict';
  const mostWorkMs = 8000;
  const mostWaitMs = 180000;
  const replyMs = 15000;
  const words = JSON.parse(document.body.getAttribute('data-words'));
  const solver = document.body.getAttribute('data-solver');
  const box = document.getElementById('box');
  const tick = document.getElementById('check');
  const status = document.getElementById('status');
  const bar = document.getElementById('bar');
  const again = document.getElementById('again');
  const close = document.getElementById('close');
  const why = document.getElementById('why');
  const trap = document.getElementById('website');

  let page = null;
  let setup = null;
  /** Counts checks: whatever belongs to an earlier one has nothing to say any more. */
  let turn = 0;
  let state = 'idle';
  let worker = null;
  let stopWaiting = null;

  function tell(say, more) {
    // A page without an origin of its own (a file, a sandbox) can be named by nothing but `*`; it is still nobody but our parent.
    window.parent.postMessage(Object.assign({ portcullis: 1, say }, more), page === null || page === 'null' ? '*' : page);
  }
  function hostOf(origin) {
    try {
      return new URL(origin).hostname;
    } catch (_) {
      return '';
    }
  }
  function announce(name) {
    const text = name === '' ? '' : words[name];
    if (status.textContent !== text) status.textContent = text;
  }
  function show(next, said) {
    state = next;
    box.setAttribute('data-state', next);
    tick.checked = next === 'done';
    tick.indeterminate = next === 'working';
    again.hidden = !(next === 'failed' && ['failed', 'network'].includes(said) && setup.kind !== 'checkbox');
    close.hidden = setup === null || setup.kind !== 'invisible';
    why.hidden = true;
    announce(said);
  }
  function advance(part) {
    bar.style.setProperty('inline-size', Math.round(100 * Math.min(1, part)) + '%');
    if (part >= 0.5 && part < 1 && status.textContent === words.working) announce('half');
  }

  function end() {
    turn += 1;
    if (worker !== null) worker.terminate();
    worker = null;
    if (stopWaiting !== null) stopWaiting();
    stopWaiting = null;
  }
  function pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      stopWaiting = () => clearTimeout(timer);
    });
  }

  /** One request of a check. `null`: the provider cannot be reached, or answers with something else than it should. */
  function ask(path, fields) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), replyMs);
    return fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
      credentials: 'omit',
      cache: 'no-store',
      signal: abort.signal,
    })
      .then((answer) => {
        // Also of an edge or a proxy in front of the provider, which knows nothing of checks.
        const busy = { do: 'again', seconds: Number(answer.headers.get('retry-after')) || 5 };
        return answer.json().catch(() => (answer.status === 429 ? busy : null));
      })
      .then((reply) => (reply !== null && typeof reply === 'object' && typeof reply.do === 'string' ? reply : null))
      .catch(() => null)
      .then((reply) => {
        clearTimeout(timer);
        return reply;
      });
  }
  /** The same, again after a pause while there is no place, and once more when the network was gone. */
  async function post(path, fields, mine, untilMs) {
    let lost = 0;
    for (;;) {
      const reply = await ask(path, fields);
      if (mine !== turn) return null;
      if (reply === null) {
        lost += 1;
        if (lost > 1) return { do: 'refused', code: 'network' };
        await pause(1000);
      } else if (reply.do === 'again') {
        if (performance.now() > untilMs) return { do: 'refused', code: 'busy' };
        announce('waiting');
        await pause(1000 * Math.max(1, Number(reply.seconds) || 1));
      } else return reply;
      if (mine !== turn) return null;
    }
  }

  /** What a worker finds, or null: it cannot, or not in the time that there is. */
  function solve(step, leftMs, told) {
    return new Promise((resolve) => {
      if (worker === null) worker = new Worker(solver);
      const timer = setTimeout(() => give(null), leftMs);
      function give(found) {
        clearTimeout(timer);
        resolve(found);
      }
      worker.onerror = () => give(null);
      worker.onmessage = (message) => {
        if (message.data.trouble !== undefined) give(null);
        else if (message.data.answer === undefined) told(message.data.part);
        else give(message.data);
      };
      worker.postMessage(step);
    }).catch(() => null);
  }

  async function check() {
    end();
    const mine = turn;
    const began = performance.now();
    const untilMs = began + mostWaitMs;
    let tries = 0;
    let works = typeof BigInt === 'function' && typeof Worker === 'function';
    const first = {
      siteKey: setup.siteKey,
      host: hostOf(page),
      action: setup.action,
      cData: setup.cData,
      kind: setup.kind,
      lang: document.documentElement.lang,
      website: trap.value,
    };
    show('working', 'working');
    advance(0);
    tell('state', { state: 'working' });
    let reply = await post('/check/begin', first, mine, untilMs);
    while (reply !== null && mine === turn) {
      if (reply.do === 'token') return pass(reply);
      if (reply.do === 'suspended') return refuse('suspended', reply.statement);
      if (reply.do === 'step') {
        const { line, at, of } = reply;
        const leftMs = began + mostWorkMs - performance.now();
        const found = works && leftMs > 0 ? await solve(reply.step, leftMs, (part) => advance((at - 1 + part) / of)) : null;
        if (mine !== turn) return;
        if (found === null) {
          works = false;
          reply = await post('/check/wait', { line }, mine, untilMs);
        } else {
          advance(at / of);
          const b = typeof found.hashMs === 'number' ? { b: Math.min(999999, Math.max(0, Math.round(found.hashMs))) } : {};
          reply = await post('/check/answer', Object.assign({ line, a: found.answer }, b), mine, untilMs);
        }
      } else if (reply.do === 'wait') {
        const { line, seconds } = reply;
        announce('waiting');
        tell('open');
        advance((reply.at - 1) / reply.of);
        await pause(1000 * seconds);
        if (mine !== turn) return;
        reply = await post('/check/answer', { line }, mine, untilMs);
      } else {
        const code = String(reply.code);
        const stale = ['expired', 'used', 'wrong'].includes(code);
        tries += 1;
        if (!stale || tries > 2) return refuse(code, null);
        reply = await post('/check/begin', first, mine, untilMs);
      }
    }
  }
  function pass(reply) {
    end();
    advance(1);
    show('done', 'done');
    tell('token', { token: reply.token, expiresInSeconds: reply.expiresInSeconds });
  }
  function refuse(code, statement) {
    end();
    advance(0);
    const setUp = ['unknown-site-key', 'hostname', 'bad-request', 'never-passes'].includes(code);
    const away = ['network', 'unavailable', 'busy'].includes(code);
    show('failed', code === 'suspended' ? 'suspended' : setUp ? 'setup' : away ? 'network' : 'failed');
    if (typeof statement === 'string' && /^https?:\/\//.test(statement)) {
      why.href = statement;
      why.hidden = false;
    }
    // Silence would leave a person before a form that does nothing.
    tell('open');
    tell('error', { code });
  }

  /** The test key of Turnstile that is to ask for a press. */
  const isPressed = () => setup.kind === 'checkbox' || /^3x0/.test(setup.siteKey);
  function take(told) {
    setup = {
      siteKey: String(told.siteKey).slice(0, 100),
      kind: ['checkbox', 'invisible'].includes(told.kind) ? told.kind : 'managed',
      action: String(told.action).slice(0, 500),
      cData: String(told.cData).slice(0, 500),
    };
    box.setAttribute('data-kind', isPressed() ? 'checkbox' : setup.kind);
    box.setAttribute('data-size', ['compact', 'flexible'].includes(told.size) ? told.size : 'normal');
    document.documentElement.setAttribute('data-theme', ['light', 'dark'].includes(told.theme) ? told.theme : 'auto');
  }
  const heard = {
    set: (told) => {
      take(told);
      if (state === 'idle') show('idle', '');
    },
    run: (told) => {
      take(told);
      if (setup.kind === 'managed' && isPressed()) {
        end();
        show('idle', '');
        tell('state', { state: 'person' });
      } else check();
    },
    reset: () => {
      end();
      advance(0);
      show('idle', '');
    },
    done: () => {
      advance(1);
      show('done', 'done');
    },
    expired: () => {
      end();
      advance(0);
      show('idle', 'expired');
    },
  };
  window.addEventListener('message', (event) => {
    const told = event.data;
    if (event.source !== window.parent || window.parent === window) return;
    if (told === null || typeof told !== 'object' || told.portcullis !== 1) return;
    if (page !== null && page !== event.origin) return;
    page = event.origin;
    if (Object.prototype.hasOwnProperty.call(heard, told.say)) heard[told.say](told);
  });

  function press() {
    if (setup === null) return;
    tell('state', { state: 'pressed' });
    check();
  }
  tick.addEventListener('click', (event) => {
    // It shows what is, not what was pressed.
    event.preventDefault();
    if (state !== 'working' && state !== 'done') setTimeout(press, 0);
  });
  again.addEventListener('click', press);
  close.addEventListener('click', () => tell('close'));
  window.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && setup !== null && setup.kind === 'invisible') tell('close');
  });
  new ResizeObserver(() => tell('height', { height: Math.ceil(box.getBoundingClientRect().height) })).observe(box);
  tell('ready');
})();
