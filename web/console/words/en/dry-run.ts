/** English words of dry runs. */
import type { AskedEdge } from '../../../../contract/routes/rules.ts';
import type { TriedVerdict, Unsure } from '../../../../contract/rules.ts';

const plural = (n: number, one: string, many: string) => (n === 1 ? one : many);

export const dryRunWords = {
  panel: 'Before it is in force',
  title: 'What it would do',
  lead: 'On requests of the last hour that edges kept as a sample, in memory only. Nothing is changed. Orders, clearances and limits of the whole site are not in it.',
  act: {
    rules: 'Try on the last hour',
    preset: (name: string) => `Try “${name}” on the last hour`,
    attack: 'Try attack mode on the last hour',
    off: 'Try it without attack mode',
  },
  close: 'Put the result away',
  of: (standFor: string, sampled: string, from: string, until: string) =>
    `About ${standFor} requests between ${from} and ${until}, of which ${sampled} are in the sample.`,
  edges: (told: number, of: number) => `${told} of ${of} ${plural(of, 'edge', 'edges')} told.`,
  edge: (edgeId: string, said: Exclude<AskedEdge['said'], 'told'>) => {
    const why = {
      away: 'is away',
      nothing: 'did not answer: it is of an older version, or busy',
      elsewhere: 'is connected to another control process and was not asked',
    };
    return `${edgeId} ${why[said]}.`;
  },
  since: (edgeId: string, time: string) => `${edgeId} has kept its sample since ${time} only.`,
  nothing:
    'Nothing was seen of this site in the last hour. Edges keep one of some dozens of the requests that they pass on: try again when there was traffic.',
  same: 'It would change nothing for these requests.',
  mode: { attack: 'Tried with attack mode on.', off: 'Tried with attack mode off.' },
  changes: 'What would change',
  rules: 'By rule',
  columns: {
    now: 'Now',
    then: 'Then',
    requests: 'Requests, about',
    sampled: 'In the sample',
    examples: 'For example',
    rule: 'Rule',
    does: 'Would',
    unsure: 'Not sure',
  },
  verdict: {
    pass: 'pass',
    allow: 'be let through',
    challenge: 'be checked once',
    deny: 'be refused',
    limit: 'be limited',
    password: 'be asked for a password',
    redirect: 'be sent elsewhere',
    maintenance: 'see the maintenance page',
    ambiguous: 'be refused as ambiguous',
  } satisfies Record<TriedVerdict, string>,
  unsure: {
    networks: 'It names networks narrower than those that a sample keeps (/24 and /48).',
    'network-data': 'It names countries or AS numbers that no rule named before, so edges had not loaded them.',
  } satisfies Record<Unsure, string>,
} as const;
