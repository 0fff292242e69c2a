/**
 * The captcha on somebody's page: finds or is given a place, puts our frame there, fills the form's hidden field, calls the page back.
 *
 * Below a dialect's own table of names (dialects/), in one function, by captcha/widget/files.ts. It is byte-stable per version, so whatever hangs on a
 * site or a provider is asked for by the frame; where the provider is, it knows from its own address. It needs nothing of the page's policy but
 * `script-src` and `frame-src` of that one host: no inline script or style, no eval, no worker, no request of its own.
 * Said with the frame: postMessage, to and from the provider's origin only, from that one frame only. No function here needs `this`.
 * A page that wants to cheat its own visitors can: what a token proves, its server asks the provider (siteverify), never this script.
 */
const widgets = new Map();
/** Each dialect's script once: a second one on the page only does what its own address asks for. */
const registry = '__portcullis_' + dialect.name;
const identifier = /^[A-Za-z_$][\w$.]*$/;
const permanent = ['suspended', 'hostname', 'unknown-site-key', 'bad-request', 'never-passes'];
const mostHeight = 600;
const frameLoadMs = 15000;
const defaultRetryMs = 8000;

/** A function, or the name of a global one: looked up when it is needed, never evaluated. */
function functionOf(value) {
  if (typeof value === 'function') return value;
  if (typeof value !== 'string' || !identifier.test(value)) return null;
  const found = value.split('.').reduce((object, name) => (object == null ? undefined : object[name]), window);
  return typeof found === 'function' ? found : null;
}
/** What the page does wrong in its own function is told in its console, and stops nothing here. */
function call(value, ...given) {
  const then = functionOf(value);
  if (then === null) return undefined;
  try {
    return then(...given);
  } catch (error) {
    setTimeout(() => {
      throw error;
    }, 0);
    return undefined;
  }
}
/** One of the page's functions for what happens to a widget, by the dialect's name for it, if it has one. */
function notify(widget, name, ...given) {
  return Object.hasOwn(dialect.names, name) ? call(widget.option(dialect.names[name]), ...given) : undefined;
}
function whenPage(then) {
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', then, { once: true });
  else setTimeout(then, 0);
}
function pageReady() {
  return new Promise((resolve) => whenPage(resolve));
}
function chance() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(36).padStart(2, '0')).join('');
}

/** Options as given, else as attributes; unknown ones, null and undefined are nobody's. */
function optionsOf(element, given) {
  return (name) => {
    const value = given == null ? null : given[name];
    return value != null ? value : element.getAttribute('data-' + name);
  };
}
function styled(element, rules) {
  Object.keys(rules).forEach((name) => element.style.setProperty(name, rules[name]));
}
function isButton(element) {
  return element.tagName === 'BUTTON' || (element.tagName === 'INPUT' && /^(submit|button|image)$/.test(element.type));
}

function render(container, given) {
  const element = dialect.find(container);
  if (element == null || element.nodeType !== 1)
    return dialect.trouble('the place for the widget is neither an element nor known');
  if (Array.from(widgets.values()).some((other) => other.element === element))
    return dialect.trouble('there is a widget in this place already');
  const option = optionsOf(element, given);
  const siteKey = option('sitekey');
  if (siteKey == null || siteKey === '') return dialect.trouble('no sitekey is given');

  const button = isButton(element);
  const asked = button ? 'invisible' : String(option('size') || 'normal');
  const size = Object.hasOwn(dialect.width, asked) ? asked : 'normal';
  const kind = dialect.kind(asked);
  const id = dialect.newId(chance(), widgets.size === 0 ? 0 : Math.max(...Array.from(widgets.keys(), Number)) + 1);
  const place = document.createElement('div');
  const frame = document.createElement('iframe');
  const widget = {
    id,
    element,
    place,
    frame,
    option,
    kind,
    size,
    siteKey: String(siteKey),
    fields: [],
    ready: false,
    wanted: false,
    busy: false,
    failing: false,
    token: '',
    untilMs: 0,
    expired: false,
    action: undefined,
    notBefore: 0,
    waiting: [],
    timers: {},
    press: null,
  };
  const language = option(dialect.language);
  const spoken = language == null || language === 'auto' ? query.get('hl') || navigator.language || 'en' : language;
  frame.src = provider + '/widget/frame?hl=' + encodeURIComponent(String(spoken).slice(0, 35));
  frame.title = 'Portcullis captcha';
  // Least power for the frame itself: it may open its own links, and not lead the page away.
  frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox');
  frame.referrerPolicy = 'origin';
  const tabIndex = option('tabindex');
  if (tabIndex != null && Number.isInteger(Number(tabIndex))) frame.tabIndex = Number(tabIndex);
  styled(frame, { border: '0', display: 'block', 'max-width': '100%', 'color-scheme': 'auto', overflow: 'hidden' });
  show(widget, kind !== 'invisible');
  look(widget, 'idle');
  frame.addEventListener('load', () => {
    clearTimeout(widget.timers.load);
    if (!widget.ready) widget.timers.load = setTimeout(() => fail(widget, 'frame'), frameLoadMs);
  });
  place.appendChild(frame);
  dialect.fields(id, option).forEach((field) => {
    const input = document.createElement(field.tag);
    if (field.tag === 'input') input.type = 'hidden';
    input.name = field.name;
    input.id = field.id;
    styled(input, { display: 'none' });
    widget.fields.push(place.appendChild(input));
  });
  dialect.mark(frame, id, '');
  // A button keeps its own words; what belongs to it goes behind it, into the same form.
  if (button && element.parentNode !== null) element.after(place);
  else element.appendChild(place);
  if (button) {
    widget.press = (event) => {
      event.preventDefault();
      run(widget).catch(() => undefined);
    };
    element.addEventListener('click', widget.press);
  }
  widgets.set(id, widget);
  return id;
}

/** An invisible widget lies beside the page without a size, and comes to the edge of the window when it has something to say. */
function show(widget, visible) {
  const width = dialect.width[widget.size];
  widget.frame.setAttribute('aria-hidden', String(!visible));
  if (widget.kind === 'invisible')
    styled(widget.frame, {
      position: 'fixed',
      bottom: '16px',
      right: '16px',
      width: visible ? '304px' : '1px',
      height: visible ? '80px' : '1px',
      'max-width': 'calc(100vw - 32px)',
      visibility: visible ? 'visible' : 'hidden',
      'z-index': '2147483647',
      'box-shadow': visible ? '0 2px 12px rgb(0 0 0 / 40%)' : 'none',
    });
  else
    styled(widget.frame, {
      width: !visible ? '0' : width === null ? '100%' : width + 'px',
      height: visible ? (widget.height || 74) + 'px' : '0',
      visibility: visible ? 'visible' : 'hidden',
    });
}
/** `appearance` of Turnstile: always, from the execution on, or only when a person is needed. */
function look(widget, state) {
  if (widget.kind !== 'managed') return;
  const appearance = widget.option('appearance');
  if (appearance === 'interaction-only') show(widget, state === 'person' || state === 'failed');
  else if (appearance === 'execute') show(widget, state !== 'idle');
}
function say(widget, what, more) {
  if (!widget.ready || widget.frame.contentWindow === null) return;
  widget.frame.contentWindow.postMessage(Object.assign({ portcullis: 1, id: String(widget.id), say: what }, more), provider);
}
function write(widget, token) {
  widget.token = token;
  widget.fields.forEach((field) => {
    field.value = token;
  });
  dialect.mark(widget.frame, widget.id, token);
}
function settle(widget, how, what) {
  widget.busy = false;
  widget.wanted = false;
  widget.waiting.splice(0).forEach((one) => one[how](what));
}

/** Begins a check, a new one when there is a token; resolves with the token, rejects with the dialect's word. */
function run(widget, action) {
  widget.action = action;
  const promise = new Promise((resolve, reject) => widget.waiting.push({ resolve, reject }));
  start(widget);
  return promise;
}
function start(widget) {
  if (!widgets.has(widget.id)) return;
  clearTimeout(widget.timers.retry);
  clearTimeout(widget.timers.expiry);
  // The page may call from inside its own error callback, each time: then the next beginning waits, and nothing turns in a circle.
  const wait = widget.notBefore - Date.now();
  if (wait > 0) {
    widget.timers.retry = setTimeout(() => start(widget), wait);
    return;
  }
  if (widget.busy) return;
  write(widget, '');
  widget.expired = false;
  widget.wanted = true;
  if (!widget.ready) return;
  widget.busy = true;
  if (widget.kind === 'invisible') show(widget, false);
  look(widget, 'working');
  say(widget, 'run', setup(widget));
}
function setup(widget) {
  const action = widget.action !== undefined ? widget.action : widget.option('action');
  const data = widget.option('cData');
  return {
    siteKey: widget.siteKey,
    kind: widget.kind,
    size: widget.size,
    theme: themeOf(widget),
    action: action == null ? '' : String(action),
    cData: data == null ? '' : String(data),
  };
}
function themeOf(widget) {
  const theme = widget.option('theme');
  return theme === 'light' || theme === 'dark' || theme === 'auto' ? theme : dialect.theme;
}
function startsAlone(widget) {
  return widget.kind === 'managed' && widget.option('execution') !== 'execute';
}

function passed(widget, token, seconds) {
  write(widget, token);
  widget.untilMs = Date.now() + 1000 * seconds;
  widget.notBefore = 0;
  clearTimeout(widget.timers.expiry);
  widget.timers.expiry = setTimeout(() => expire(widget), 1000 * seconds);
  if (widget.kind === 'invisible') show(widget, false);
  look(widget, 'done');
  settle(widget, 'resolve', token);
  call(widget.option('callback'), token);
}
function expire(widget) {
  write(widget, '');
  widget.expired = true;
  say(widget, 'expired');
  notify(widget, 'expired');
  const refresh = widget.option('refresh-expired');
  if (startsAlone(widget) && refresh !== 'manual' && refresh !== 'never') start(widget);
}
function fail(widget, code) {
  write(widget, '');
  clearTimeout(widget.timers.load);
  const retryMs = Number(widget.option('retry-interval')) || defaultRetryMs;
  widget.notBefore = widget.kind === 'managed' ? Date.now() + retryMs : 0;
  look(widget, 'failed');
  const word = dialect.errors[code] || dialect.errors.other;
  settle(widget, 'reject', word || code);
  widget.failing = true;
  const handled = notify(widget, 'failed', ...(word === undefined ? [] : [word]));
  widget.failing = false;
  if (dialect.tellsErrors && handled !== true) dialect.trouble('Error: ' + word);
  if (startsAlone(widget) && widgets.has(widget.id) && !permanent.includes(code) && widget.option('retry') !== 'never')
    start(widget);
}
function close(widget) {
  say(widget, 'reset');
  if (widget.kind === 'invisible') show(widget, false);
  if (!widget.busy) return;
  settle(widget, 'reject', dialect.rejectedAsClosed);
  notify(widget, 'closed');
}
function reset(widget) {
  clearTimeout(widget.timers.expiry);
  clearTimeout(widget.timers.retry);
  write(widget, '');
  widget.expired = false;
  if (widget.kind === 'invisible' && !widget.failing) show(widget, false);
  settle(widget, 'reject', dialect.rejectedAsClosed);
  // Some clients reset inside their error callback: what the frame has to say about the error stays.
  if (!widget.failing) say(widget, 'reset');
  look(widget, 'idle');
  if (startsAlone(widget)) start(widget);
}
function remove(widget) {
  Object.keys(widget.timers).forEach((name) => clearTimeout(widget.timers[name]));
  if (widget.press !== null) widget.element.removeEventListener('click', widget.press);
  widgets.delete(widget.id);
  widget.place.remove();
  settle(widget, 'reject', dialect.rejectedAsClosed);
}

/** What each message of a frame does. Whatever else it says is nobody's. */
const heard = {
  ready: (widget) => {
    // Also when a page has moved its container: the frame is new then, and a token is still a token.
    widget.ready = true;
    widget.busy = false;
    clearTimeout(widget.timers.load);
    say(widget, 'set', setup(widget));
    look(widget, widget.token === '' ? 'idle' : 'done');
    if (widget.token !== '') say(widget, 'done');
    else if (widget.wanted || startsAlone(widget)) start(widget);
  },
  height: (widget, told) => {
    const height = Number(told.height);
    if (!(height > 0 && height <= mostHeight)) return;
    widget.height = Math.ceil(height);
    if (widget.frame.getAttribute('aria-hidden') !== 'true') styled(widget.frame, { height: widget.height + 'px' });
  },
  state: (widget, told) => {
    if (told.state === 'working') widget.busy = true;
    if (told.state === 'person') {
      widget.busy = false;
      notify(widget, 'before');
    }
    if (told.state === 'pressed') notify(widget, 'after');
    look(widget, told.state);
  },
  open: (widget) => {
    if (widget.kind === 'invisible') show(widget, true);
    notify(widget, 'opened');
  },
  close: (widget) => close(widget),
  token: (widget, told) => {
    if (typeof told.token === 'string' && told.token !== '') passed(widget, told.token, Number(told.expiresInSeconds) || 120);
  },
  error: (widget, told) => fail(widget, String(told.code)),
};
function hear(event) {
  const told = event.data;
  if (event.origin !== provider || told === null || typeof told !== 'object' || told.portcullis !== 1) return;
  const widget = Array.from(widgets.values()).find((one) => one.frame.contentWindow === event.source);
  if (widget !== undefined && Object.hasOwn(heard, told.say)) heard[told.say](widget, told);
}

/** By its id, its container, or (without either) the first there is; null when there is none. */
function widgetOf(asked) {
  if (asked === undefined) return widgets.values().next().value || null;
  const direct = widgets.get(asked) || widgets.get(String(asked)) || widgets.get(asked === '' ? asked : Number(asked));
  if (direct !== undefined) return direct;
  const element = typeof asked === 'string' && dialect.findsByPlace ? dialect.find(asked) : asked;
  return (element != null && Array.from(widgets.values()).find((one) => one.element === element)) || null;
}
function renderAll() {
  const selector = dialect.classNames.map((name) => '.' + name + '[data-sitekey]').join(',');
  document.querySelectorAll(selector).forEach((element) => {
    // Another of our dialects may have been here.
    if (element.querySelector('iframe[title="Portcullis captcha"]') !== null || widgetOf(element) !== null) return;
    render(element, null);
  });
}
/** What the script's own address asks for. The function may be defined later than the script. */
function begin(asked) {
  const explicit = asked.get('render') === 'explicit';
  const name = asked.get('onload');
  whenPage(() => {
    if (!explicit) renderAll();
    if (name === null || !identifier.test(name)) return;
    let tries = 0;
    const attempt = () => {
      tries += 1;
      if (functionOf(name) !== null) call(name);
      else if (tries < 200) setTimeout(attempt, 50);
    };
    attempt();
  });
}

if (window[registry] !== undefined) {
  window[registry].begin(query);
} else {
  Object.defineProperty(window, registry, { value: { begin } });
  window.addEventListener('message', hear);
  dialect.publish({
    render,
    renderAll,
    run,
    reset,
    close,
    remove,
    call,
    whenPage,
    pageReady,
    widget: widgetOf,
    with: (widget, then) => (widget === null ? undefined : then(widget)),
    // A page that slept has timers that are late.
    response: (widget) => (widget.token === '' || Date.now() > widget.untilMs ? undefined : widget.token),
    key: (widget) => (widget.token === '' ? undefined : 'P1_' + widget.id),
    isExpired: (widget) => widget.expired,
  });
  begin(query);
}
