/**
 * What hCaptcha calls things: https://docs.hcaptcha.com/configuration, and @hcaptcha/types for what the documents leave out.
 * `recaptchacompat=off` leaves `grecaptcha` and its field alone. Our own reCAPTCHA script on the same page keeps its `grecaptcha`.
 */
const compatible = query.get('recaptchacompat') !== 'off';
const dialect = {
  name: 'hcaptcha',
  classNames: compatible ? ['h-captcha', 'g-recaptcha'] : ['h-captcha'],
  theme: 'light',
  width: { normal: 303, compact: 164, flexible: null },
  language: 'hl',
  names: {
    failed: 'error-callback',
    expired: 'expired-callback',
    opened: 'open-callback',
    closed: 'close-callback',
  },
  kind: (size) => (size === 'invisible' ? 'invisible' : 'checkbox'),
  newId: (chance) => chance,
  fields: (id) =>
    (compatible ? ['g-recaptcha-response', 'h-captcha-response'] : ['h-captcha-response']).map((name) => ({
      tag: 'textarea',
      name,
      id: name + '-' + id,
    })),
  mark: (frame, id, token) => {
    frame.setAttribute('data-hcaptcha-widget-id', id);
    frame.setAttribute('data-hcaptcha-response', token);
  },
  errors: {
    'bad-request': 'invalid-data',
    'unknown-site-key': 'invalid-data',
    hostname: 'invalid-data',
    network: 'network-error',
    unavailable: 'network-error',
    busy: 'rate-limited',
    other: 'challenge-error',
  },
  find: (container) => (typeof container === 'string' ? document.getElementById(container) : container),
  trouble: (what) => console.error('[hCaptcha] ' + what),
  publish: (own) => {
    const known = (id) => own.widget(id == null ? undefined : id);
    const hcaptcha = {
      render: (container, options) => own.render(container, options),
      execute: (id, options) => {
        const widget = known(id);
        const isAsync = options != null && options.async === true;
        if (widget === null) {
          const why = id == null ? 'missing-captcha' : 'invalid-captcha-id';
          if (isAsync) return Promise.reject(why);
          dialect.trouble('execute: ' + why);
          return undefined;
        }
        const ran = own.run(widget);
        // A rejection that nobody asked for would stand in the page's console.
        ran.catch(() => undefined);
        return isAsync ? ran.then((token) => ({ response: token, key: own.key(widget) })) : undefined;
      },
      reset: (id) => own.with(known(id), own.reset),
      close: (id) => own.with(known(id), own.close),
      remove: (id) => own.with(known(id), own.remove),
      getResponse: (id) => own.with(known(id), own.response) || '',
      getRespKey: (id) => own.with(known(id), own.key) || '',
      setData: () => undefined,
    };
    window.hcaptcha = hcaptcha;
    const other = window.grecaptcha;
    if (compatible && (other == null || typeof other.render !== 'function')) window.grecaptcha = hcaptcha;
  },
  rejectedAsClosed: 'challenge-closed',
};
