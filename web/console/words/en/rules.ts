/** English words of a site's rules. */
export const rules = {
  title: 'Rules',
  lead: 'They are asked in this order, and the first that is true decides. An order goes before all of them.',
  none: 'No rules yet. Without rules, networks, limits and mode decide.',
  add: 'Add a rule',
  name: 'Name',
  nameHint: 'Lower-case letters, digits and hyphens.',
  when: 'When',
  whenHint: 'Such as: path starts "/login" and not network in 192.0.2.0/24',
  then: 'Then',
  detail: 'With',
  details: {
    limit: 'Requests of one client in 10 seconds, such as 20.',
    password: 'The password, at least twelve characters. Left empty: the one that the rule has.',
    redirect: 'Status and target, such as 302 /new',
    'redirect-all': 'Status and host that gets the same path, such as 308 https://www.forum.example',
  },
  does: {
    allow: 'let through',
    challenge: 'check the visitor',
    deny: 'refuse',
    limit: 'limit',
    password: 'ask for a password',
    redirect: 'send elsewhere',
    'redirect-all': 'send to another host',
  },
  on: 'In use',
  up: (name: string) => `Move ${name} up`,
  down: (name: string) => `Move ${name} down`,
  remove: (name: string) => `Remove ${name}`,
  rule: (n: number, name: string) => `Rule ${n}: ${name === '' ? 'new' : name}`,
  reads: 'This can be read.',
  needs: 'It needs network data at the edge; without it, the rule does nothing there.',
  use: (text: string) => `Use ${text}`,
  saved: 'Saved. Edges hold it within moments.',
  /** `without`: edges that have no such data, or never said. */
  missing: (kind: 'countries' | 'asns', without: number, edges: number) => {
    const data = kind === 'countries' ? 'country data' : 'data about AS numbers';
    const rules = kind === 'countries' ? 'rules that ask for a country' : 'rules that ask for an AS number';
    if (without === 0) return null;
    return without === edges
      ? `No edge has ${data}: ${rules} do nothing.`
      : `${without} of ${edges} edges have no ${data}: ${rules} do nothing there.`;
  },
  headers: 'Headers',
  headersLead: 'What the site’s answers say in these headers, set to your value or taken away. Answers of ours keep their own.',
  headerOf: (name: string) => `Header ${name}`,
  header: 'Header',
  headerValue: 'Value',
  headerAway: 'Take it away',
  addHeader: 'Add a header',
  secret: 'Secret for the origin',
  secretHint:
    'Sent to the origin as X-Portcullis-Secret, so that it can refuse whoever did not come through the shield. 16 to 200 letters, digits and . _ ~ -',
  secretHeld: 'One is held and sent as X-Portcullis-Secret; it is never shown. Left empty: it stays.',
  secretOff: 'Send none any more',
  maintenance: 'Maintenance',
  maintenanceLead: 'Everybody but networks and rules that are allowed sees your sentence, with status 503.',
  maintenanceOn: 'Close the site for now',
  sentence: 'What visitors read',
  retryAfter: 'Come back after',
  seconds: 'seconds',
  presets: 'Presets',
  presetsLead:
    'A preset sets the limits, how much work a check takes and how long it is good for, and its own rules; all else stays as it is. What would change is shown first, and what was there before comes back.',
  preset: { quiet: 'Quiet', normal: 'Normal', strict: 'Strict' },
  show: (name: string) => `Show what “${name}” would change`,
  changesNothing: 'It would change nothing.',
  caption: (name: string) => `What “${name}” changes`,
  columns: { what: 'What', before: 'Now', after: 'Then' },
  apply: (name: string) => `Apply “${name}”`,
  inUse: (name: string) => `“${name}” is in use.`,
  undo: 'Go back to before it',
} as const;
