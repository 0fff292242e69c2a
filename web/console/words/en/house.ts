/** English words of alarms and audit. */
export const house = {
  alarms: {
    title: 'Alarms',
    what: { one: 'alarm', many: 'alarms' },
    search: 'Search sentences',
    filter: { state: 'State', kind: 'Kind' },
    open: 'Open',
    seen: 'Seen',
    kind: {
      'break-glass': 'Break-glass',
      'receipt-failed': 'Receipt failed',
      'edge-away': 'Edge away',
      'edge-nack': 'Edge refused a policy',
      'origin-moved-inward': 'Origin moved inward',
      'confirmer-made-by-proposer': 'Two people, perhaps one',
    },
    columns: { state: 'State', kind: 'Kind', sentence: 'What happened', at: 'At', about: 'About', seen: 'Seen by', acts: 'Acts' },
    acknowledge: 'I have seen it',
    about: { order: 'Order', site: 'Site', edge: 'Edges' },
    empty: {
      title: 'No alarm',
      text: 'Alarms are rare and mean that somebody should look now: break-glass, an edge that is away or refuses a policy, a receipt that failed, an origin that moved inward, an order confirmed by somebody whom its proposer has just let in.',
    },
  },
  audit: {
    title: 'Audit',
    what: { one: 'entry', many: 'entries' },
    lead: 'Who did what, newest first. Nothing here can be changed.',
    search: 'Search in what is shown',
    subject: 'Subject id',
    ofSubject: (subject: string) => `Only what was done to ${subject}.`,
    all: 'Show everything',
    columns: { at: 'At', who: 'Who', act: 'Act', subject: 'To what', detail: 'Detail' },
    system: 'The program',
    empty: { title: 'Nothing yet', text: 'Every change that a person or a program makes is written here in the same moment.' },
  },
} as const;
