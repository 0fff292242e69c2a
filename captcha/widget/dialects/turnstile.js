/**
 * What Turnstile calls things: https://developers.cloudflare.com/turnstile. It begins by itself, tries again by itself, and renews what has expired.
 */
const dialect = {
  name: 'turnstile',
  classNames: ['cf-turnstile'],
  theme: 'auto',
  width: { normal: 300, compact: 150, flexible: null },
  language: 'language',
  names: {
    failed: 'error-callback',
    expired: 'expired-callback',
    before: 'before-interactive-callback',
    after: 'after-interactive-callback',
  },
  kind: () => 'managed',
  newId: (chance) => 'cf-chl-widget-' + chance,
  fields: (id, option) =>
    String(option('response-field')) === 'false'
      ? []
      : [{ tag: 'input', name: String(option('response-field-name') || 'cf-turnstile-response'), id: id + '_response' }],
  mark: (frame, id) => {
    frame.id = id;
  },
  errors: {
    'bad-request': '110420',
    'unknown-site-key': '110110',
    hostname: '110200',
    suspended: '400070',
    network: '300010',
    unavailable: '300020',
    busy: '300030',
    frame: '200500',
    other: '600010',
  },
  find: (container) => {
    if (typeof container !== 'string') return container;
    try {
      return document.querySelector(container) || document.getElementById(container);
    } catch (_) {
      return document.getElementById(container);
    }
  },
  findsByPlace: true,
  // Unless the page's own function says that it has dealt with it.
  tellsErrors: true,
  trouble: (what) => console.warn('[Turnstile] ' + what),
  publish: (own) => {
    const known = (id) => own.widget(id == null ? undefined : id);
    window.turnstile = {
      ready: (then) => own.whenPage(() => own.call(then)),
      implicitRender: () => own.renderAll(),
      render: (container, options) => own.render(container, options),
      execute: (id, options) => {
        const made = known(id) === null ? own.render(id, options) : id;
        if (made !== undefined || id == null) own.with(known(made), (widget) => void own.run(widget).catch(() => undefined));
      },
      reset: (id) => own.with(known(id), own.reset),
      remove: (id) => own.with(known(id), own.remove),
      getResponse: (id) => own.with(known(id), own.response),
      isExpired: (id) => own.with(known(id), own.isExpired) === true,
    };
  },
  rejectedAsClosed: 'closed',
};
