/**
 * What HAProxy asks the verifier of signed bots, and how long it waits: a file of its own beside the pages, in the syntax of SPOE.
 *
 * Not here: who is asked about, and what becomes of the answer (skeleton/bots.ts); what answers (edge/bots/service.ts).
 */

/** The file's name in the folder of pages. */
export const botsFile = 'bots.spoe';
/** The backend of the verifier. */
export const botChecks = 'bot-checks';
/** How long a request waits for the verifier. */
const verdictMs = 1000;

/** What the verifier is told of a request (edge/bots/service.ts). */
export function botsSpoe(): string {
  const message = [
    'key=var(txn.bot_key)',
    'network=var(sess.client)',
    'method=method',
    'scheme=var(sess.scheme)',
    'host=req.fhdr(host)',
    'target=pathq',
    'headers=req.hdrs',
  ];
  return [
    '[bots]',
    section(
      'spoe-agent bots',
      'groups check',
      'option var-prefix bot',
      'option dontlog-normal',
      'maxconnrate 200',
      'max-waiting-frames 50',
      `timeout hello ${verdictMs}ms`,
      'timeout idle 1m',
      `timeout processing ${verdictMs}ms`,
      `use-backend ${botChecks}`,
    ),
    section('spoe-group check', 'messages request'),
    section('spoe-message request', `args ${message.join(' ')}`),
    '',
  ].join('\n');
}

function section(heading: string, ...parts: readonly string[]): string {
  return [heading, ...parts.map((part) => `    ${part}`)].join('\n');
}
