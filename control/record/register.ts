/**
 * The record, served beside the public pages: checkpoint, tiles, key, and a leaf and its proof by the SHA-256 that a receipt shows.
 *
 * Open to everybody, and the same for everybody. Any web server can serve the folder instead. Who knows a leaf's SHA-256 was given it, or read the log.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DecisionNumber } from '../../contract/ids.ts';
import { noteKeyText } from '../../contract/record/note.ts';
import { raiseAlarm } from '../../store/house.ts';
import { findLeaf } from '../../store/record.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import { Failure, notFound } from '../http/failure.ts';
import type { App } from '../http/register.ts';
import type { Job } from '../jobs/runner.ts';
import { publicHeaders } from '../pages/answer.ts';
import { loadRecordKey } from './key.ts';
import { openRecordLog } from './log.ts';
import { settleStatements } from './statements.ts';
import { askWitnesses } from './witnesses.ts';
import type { Witness, WitnessTrouble } from './witnesses.ts';

/** What waits is in a checkpoint after at most so long. */
const turnEveryMs = 2000;
const settleEveryMs = 5000;
const patienceMs = 3_600_000;

const tileName = /^tile\/(entries|[0-9]|[1-5][0-9]|6[0-3])(\/x[0-9]{3}){0,5}\/[0-9]{3}(\.p\/[0-9]{1,3})?$/;

/** Opens the record in `state` (the control plane's own folder). `show` shows a decision to the public, and so records it. Throws an Error with a sentence when its key is not the published one. */
export async function openRecord(
  app: App,
  deps: ControlDeps & { readonly recordWitnesses: readonly Witness[] },
  state: string,
  show: (decision: DecisionNumber) => Promise<unknown>,
): Promise<Job[]> {
  const folder = join(state, 'record');
  const { key, sign } = await loadRecordKey(deps.store, join(state, 'record.key'), deps.publicUrl);
  const witnesses = askWitnesses(deps.recordWitnesses, deps.now, witnessAlarms(deps));
  const log = openRecordLog({ store: deps.store, folder, key, sign, witnesses });
  const headers = { ...publicHeaders(deps.publicUrl), 'access-control-allow-origin': '*' };
  const plain = { ...headers, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' };

  app.get('/record/checkpoint', () => {
    const now = log.published();
    if (now === null) throw new Failure('not-found', 'The record has no checkpoint yet. Try again in a few seconds.');
    return new Response(now.checkpoint, { headers: plain });
  });
  app.get('/record/key', () => new Response(`${noteKeyText(key)}\n`, { headers: plain }));
  app.get('/record/tile/*', async (context) => {
    const name = context.req.path.slice('/record/'.length);
    const bytes = tileName.test(name) ? await readFile(join(folder, name)).catch(() => null) : null;
    if (bytes === null) throw notFound('tile of the record');
    const cached = { 'content-type': 'application/octet-stream', 'cache-control': 'public, max-age=31536000, immutable' };
    return new Response(new Uint8Array(bytes), { headers: { ...headers, ...cached } });
  });
  const leafOf = async (sha256: string) => {
    const leaf = /^[0-9a-f]{64}$/.test(sha256) ? await findLeaf(deps.store.db, sha256) : null;
    if (leaf === null) throw notFound('leaf of the record');
    return leaf;
  };
  app.get('/record/leaf/:sha256', async (context) => {
    const { leaf } = await leafOf(context.req.param('sha256'));
    return new Response(leaf, { headers: { ...plain, 'content-type': 'application/json' } });
  });
  app.get('/record/proof/:sha256', async (context) => {
    const { index } = await leafOf(context.req.param('sha256'));
    const proof = index === null ? null : await log.prove(index);
    if (proof === null)
      throw new Failure('not-found', 'This leaf waits for the next checkpoint. Try again in a few seconds; nothing is lost.');
    return new Response(proof, { headers: plain });
  });
  return [
    { name: 'the record', everyMs: turnEveryMs, afterMs: 0, run: () => log.turn() },
    {
      name: 'statements into the record',
      everyMs: settleEveryMs,
      afterMs: settleEveryMs,
      run: () => settleStatements(deps, show),
    },
  ];
}

const troubleSays = {
  fork: 'says that our record is not the one that it signed before. Ours was rewritten, or it lies: compare the checkpoints.',
  longer:
    'signed a longer record of ours than we have. Ours was restored from an older backup or cut short: compare the checkpoints.',
  lies: 'answered with something that is not its signature.',
  refuses: 'has not signed for an hour: it refuses.',
  away: 'has not signed for an hour: it does not answer.',
} as const satisfies Record<WitnessTrouble['kind'], string>;

/** A witness that is away or refuses is told of after an hour, everything else at once; each trouble of each is one alarm until it is seen. */
function witnessAlarms(deps: ControlDeps): (trouble: WitnessTrouble) => Promise<void> {
  const since = new Map<string, number>();
  return async ({ name, kind, detail }) => {
    deps.log.warn({ witness: name, kind, detail }, 'a witness did not sign the record');
    const quietly = kind === 'away' || kind === 'refuses';
    const first = since.get(name) ?? deps.now();
    since.set(name, first);
    if (quietly && deps.now() - first < patienceMs) return;
    since.delete(name);
    const sentence = `The witness ${name} ${troubleSays[kind]}`;
    await transact(deps.store, (unit) => raiseAlarm(unit, { kind: 'record', at: nowOf(deps), sentence }));
  };
}
