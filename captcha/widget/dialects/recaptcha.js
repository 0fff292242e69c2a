/**
 * What reCAPTCHA calls things: v2 (checkbox, invisible), and of v3 `render=SITEKEY` with `execute(SITEKEY, { action })`.
 * https://developers.google.com/recaptcha. Its script for enterprise (`enterprise.js`) has the same functions one name deeper.
 */
const dialect = {
  name: 'recaptcha',
  classNames: ['g-recaptcha'],
  theme: 'light',
  width: { normal: 304, compact: 164, flexible: null },
  language: 'hl',
  names: { failed: 'error-callback', expired: 'expired-callback' },
  kind: (size) => (size === 'invisible' ? 'invisible' : 'checkbox'),
  newId: (chance, count) => count,
  fields: (id) => [{ tag: 'textarea', name: 'g-recaptcha-response', id: 'g-recaptcha-response' + (id === 0 ? '' : '-' + id) }],
  mark: () => undefined,
  // Its callback is told nothing.
  errors: {},
  find: (container) => (typeof container === 'string' ? document.getElementById(container) : container),
  trouble: (what) => {
    throw new Error('reCAPTCHA: ' + what);
  },
  publish: (own) => {
    const known = (id) => {
      const widget = own.widget(id == null ? undefined : id);
      if (widget === null) dialect.trouble(id == null ? 'No clients exist.' : 'Invalid client id: ' + id);
      return widget;
    };
    const bySiteKey = new Map();
    const hidden = (siteKey) => {
      if (!bySiteKey.has(siteKey)) {
        const place = document.body.appendChild(document.createElement('div'));
        bySiteKey.set(siteKey, own.render(place, { sitekey: siteKey, size: 'invisible' }));
      }
      return own.widget(bySiteKey.get(siteKey));
    };
    const functions = {
      ready: (then) => own.whenPage(() => own.call(then)),
      render: (container, options) => own.render(container, options),
      execute: (id, options) => {
        const action = options != null && options.action != null ? String(options.action) : undefined;
        const ran =
          typeof id === 'string' && own.widget(id) === null
            ? own.pageReady().then(() => own.run(hidden(id), action))
            : own.run(known(id), action);
        ran.catch(() => undefined);
        return ran;
      },
      reset: (id) => own.reset(known(id)),
      getResponse: (id) => own.response(known(id)) || '',
    };
    // What a page has put there before us (a stub with its own `ready`) stays reachable, but its functions are ours now.
    const before = window.grecaptcha;
    const place = before != null && typeof before === 'object' && before !== window.hcaptcha ? before : {};
    if (/\/enterprise\.js$/.test(source.pathname)) place.enterprise = functions;
    else Object.assign(place, functions);
    window.grecaptcha = place;
    // Google's own snippet for pages that are ready sooner than the script.
    const waiting = window.___grecaptcha_cfg;
    if (waiting != null && Array.isArray(waiting.fns)) waiting.fns.splice(0).forEach((then) => functions.ready(then));
    const siteKey = query.get('render');
    if (siteKey !== null && siteKey !== 'explicit' && siteKey !== 'onload') own.whenPage(() => hidden(siteKey));
  },
  rejectedAsClosed: 'closed',
};
