/** English words of the room of edges. */
const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

const dataWords = { there: 'there', none: 'none', unreadable: 'cannot be read' } as const;

export const edges = {
  title: 'Edges',
  what: { one: 'edge', many: 'edges' },
  search: 'Search name, group or version',
  filter: { state: 'State', group: 'Group' },
  state: { current: 'Current', behind: 'Behind', away: 'Away', 'never-seen': 'Never seen', revoked: 'Revoked' },
  columns: {
    edge: 'Edge',
    state: 'State',
    revision: 'Revision',
    applied: 'Applied, p50 / p99',
    appliedHelp: 'From the commit of a change to the edge’s acknowledgement, over its last hundred revisions',
    health: 'HAProxy',
    rate: 'Requests',
    drift: 'Drift repaired',
    seen: 'Last seen',
    acts: 'Acts',
  },
  haproxy: { up: 'Up', reloading: 'Reloading', down: 'Down' },
  unknown: '–',
  behindBy: (n: string) => `${n} behind`,
  headIs: (head: string) => `Its group is at ${head}`,
  times: (n: number) => plural(n, 'time', 'times'),
  servesSites: (sites: string, connections: string) => `${sites} sites, ${connections} connections`,
  networkData: (countries: keyof typeof dataWords, asns: keyof typeof dataWords) =>
    countries === asns
      ? `Country and AS data: ${dataWords[countries]}`
      : `Country data: ${dataWords[countries]}, AS data: ${dataWords[asns]}`,
  version: (version: string) => `agent ${version}`,
  canary: 'Canary',
  skew: (version: string) => `Not the control plane’s version, ${version}`,
  nack: (revision: string, reason: string) => `Refused revision ${revision}: ${reason}`,
  groups: {
    title: 'Propagation',
    group: 'Group',
    head: 'Head',
    current: 'Edges current',
    p50: 'Commit to applied, p50',
    p99: 'p99',
    of: (n: number, of: number) => `${n} of ${of}`,
  },
  empty: {
    title: 'No edge yet',
    text: 'An edge is one HAProxy with its agent: it serves the sites and enforces the orders. Make a token here, run one command on the machine that shall be an edge, and it appears in this list.',
  },
  enrol: {
    act: 'Enrol an edge',
    title: 'Enrol an edge',
    lead: 'A token enrols one edge, once. Hand it over by a way that others cannot read.',
    group: 'Edge group',
    groupHint: 'Edges of one group hold the same policy. Left empty: default.',
    valid: 'Valid for',
    validOption: { '15': '15 minutes', '60': '1 hour', '1440': '1 day', '10080': '7 days' },
    submit: 'Make a token',
    shown: 'It is shown now and never again.',
    expires: 'Valid until',
    token: 'Enrolment token',
    command: 'Run this on the machine that shall be the edge',
    waiting: 'The edge appears in the list as soon as it has connected.',
    done: 'Done',
  },
  revoke: {
    act: 'Revoke',
    title: (name: string) => `Revoke ${name}`,
    help: 'Its stream is closed and its key is not accepted again. It goes on serving the last policy that it holds until its machine is stopped. To bring it back, enrol it anew.',
    done: (name: string) => `${name} is revoked.`,
  },
  keys: {
    act: 'Rotate clearance keys',
    title: 'Clearance keys',
    help: 'A new key signs clearances from now on; the one before stays accepted, so that nobody meets a new challenge. Older ones are dropped.',
    done: (current: string, revision: string) => `${current} signs from now on (revision ${revision}).`,
  },
} as const;
