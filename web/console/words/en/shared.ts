/**
 * English words of the console that every screen shares. One catalogue per room of the console, loaded with it.
 *
 * A word that needs a number takes it as an argument, so that another language can put it where it belongs.
 */
import type { FailureCode } from '../../api/client.ts';

const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

export const shared = {
  product: 'Portcullis',
  console: 'Console',
  skipToContent: 'Skip to content',
  titleOf: (screen: string) => `${screen} · Portcullis`,

  nav: {
    label: 'Rooms of the console',
    sites: 'Sites',
    orders: 'Orders',
    desk: 'Desk',
    appeals: 'Appeals',
    captcha: 'Captcha',
    criteria: 'Criteria',
    authority: 'Requests of authorities',
    'on-call': 'On call',
    wellness: 'My limits',
    notices: 'Notices',
    edges: 'Edges',
    alarms: 'Alarms',
    people: 'People',
    audit: 'Audit',
    account: 'My account',
    publicPages: 'Public pages',
    signOut: 'Sign out',
    openAlarms: (n: number) => plural(n, 'open alarm', 'open alarms'),
    waitingOrders: (n: number) => plural(n, 'order waits for a second person', 'orders wait for a second person'),
  },

  theme: { label: 'Theme', system: 'System', light: 'Light', dark: 'Dark' },

  feed: {
    live: 'Live',
    connecting: 'Connecting',
    away: 'Not live',
    awaySince: (when: string) => `No live updates since ${when}. What you see may be older; the page keeps trying.`,
  },

  act: {
    save: 'Save changes',
    saving: 'Saving…',
    cancel: 'Cancel',
    close: 'Close',
    copy: 'Copy',
    copied: 'Copied',
    retry: 'Try again',
    reload: 'Reload this page',
    more: 'Show more',
    loadingMore: 'Loading…',
    back: 'Back',
    undo: 'Undo changes',
    clearFilters: 'Clear filters',
    working: 'Working…',
    continue: 'Continue',
  },

  list: {
    filters: 'Filters',
    all: 'All',
    shown: (shown: number, of: number, what: { readonly one: string; readonly many: string }) =>
      shown === of ? plural(of, what.one, what.many) : `${shown} of ${plural(of, what.one, what.many)}`,
    nothingFits: 'Nothing fits these filters',
    nothingFitsHelp: 'Loosen a filter, or clear them all.',
    loading: 'Loading…',
  },

  confirm: {
    typeName: (name: string) => `Type “${name}” to confirm`,
  },

  failure: {
    heading: 'That did not work',
    reference: (id: string) => `Reference ${id}`,
    referenceHelp: 'Whoever runs this installation finds the cause in the log under this reference.',
    unknown:
      'This page has a fault of its own. Nothing was sent. Reload the page; if it happens again, tell whoever runs this installation.',
    fields: (n: number) => `${plural(n, 'field needs', 'fields need')} your attention. Nothing was saved.`,
    notFoundScreen: 'There is no such page in the console',
    notFoundScreenHelp:
      'The address may be mistyped, or the thing was removed. Everything that exists is reachable from the rooms on the left.',
    notAllowedScreen: 'Your role does not open this room',
    notAllowedScreenHelp: 'Ask an operator if you need it. Your roles are shown under “My account”.',
  },

  /** For failures that carry no sentence of their own. */
  failures: {
    offline: {
      title: 'The control plane does not answer',
      detail:
        'If you were saving, the change may or may not have been kept: look again when the connection is back before you repeat it. Edges keep serving their last policy meanwhile.',
    },
    unreadable: {
      title: 'The answer does not fit this page',
      detail: 'The control plane was probably updated while this page was open. Reload the page; what was saved stays saved.',
    },
    internal: {
      title: 'Something went wrong on our side',
      detail: 'Look again before you repeat it: the change may have been kept.',
    },
    'bad-request': { title: 'Some fields need your attention', detail: 'Nothing was saved.' },
  } satisfies Partial<Record<FailureCode, { title: string; detail: string }>>,

  mistake: {
    tooShort: (least: number) => (least <= 1 ? 'is missing' : `needs at least ${least} characters`),
    tooLong: (most: number) => `has at most ${most} characters`,
    tooFew: (least: number) => `needs at least ${least}`,
    tooMany: (most: number) => `has at most ${most}`,
    tooSmall: (least: string) => `must be ${least} or more`,
    tooBig: (most: string) => `must be ${most} or less`,
    number: 'must be a whole number',
    missing: 'is missing',
    url: 'must be an address that starts with https:// or http://',
    instant: 'must be a date and a time',
  },

  applied: {
    waiting: (applied: number, edges: number) => `Applied on ${applied} of ${plural(edges, 'edge', 'edges')} so far…`,
    done: (edges: number, took: string) => `Applied on ${edges} of ${plural(edges, 'edge', 'edges')} in ${took}`,
    noEdges: 'Saved. No edge is enrolled yet, so nobody serves it.',
    notServed: 'Saved. Not on the edges yet: the site is not ready.',
  },

  keys: {
    heading: 'Keyboard',
    next: 'Next row',
    previous: 'Previous row',
    open: 'Open the row',
    search: 'Search this list',
    new: 'Add or place something new here',
    claim: 'Claim the case of the row, or the one that is open',
    help: 'This list',
    leave: 'Leave a field or close a window',
    go: (room: string) => `Go to ${room}`,
    then: 'then',
  },

  units: {
    perSecond: '/s',
  },

  outcome: {
    passed: 'Passed',
    challenged: 'Challenged',
    solved: 'Solved',
    limited: 'Limited',
    denied: 'Denied',
    noticed: 'Noticed',
    'origin-error': 'Origin error',
  },
  outcomeHelp: {
    passed: 'Answered by the site',
    challenged: 'Met the challenge page',
    solved: 'Solved a challenge and earned a clearance',
    limited: 'Over a limit; told to wait',
    denied: 'From a network that is denied',
    noticed: 'Met the notice page of an order',
    'origin-error': 'The site’s own server failed or did not answer',
  },

  mode: { off: 'Off', attack: 'Attack mode' },

  measure: {
    'notice-on-path': 'Notice on a path',
    'notice-on-host': 'Notice on the site',
    challenge: 'Challenge',
    'rate-limit': 'Rate limit',
    'suspend-captcha-keys': 'Suspend captcha keys',
  },

  orderState: {
    proposed: 'Proposed',
    confirmed: 'Confirmed',
    lifted: 'Lifted',
    expired: 'Expired',
    withdrawn: 'Withdrawn',
    lapsed: 'Lapsed',
    inForce: 'In force',
    scheduled: 'Scheduled',
  },

  role: {
    owner: 'Owner',
    analyst: 'Analyst',
    lead: 'Lead',
    decider: 'Decider',
    appeals: 'Appeals',
    operator: 'Operator',
    auditor: 'Auditor',
  },
} as const;
