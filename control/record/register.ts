/**
 * The record, served beside the public pages: checkpoint, tiles, key, and a leaf and its proof by the SHA-256 that a receipt shows.
 *
 * Open to everybody, and the same for everybody. Any web server can serve the folder instead. Who knows a leaf's SHA-256 was given it, or read the log.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DecisionNumber } from '../../contract/ids.ts';
import { noteKeyText } from '../../contract/record/note.ts';
import { findLeaf } from '../../store/record.ts';
import type { ControlDeps } from '../deps.ts';
import { Failure, notFound } from '../http/failure.ts';
import type { App } from '../http/register.ts';
import type { Job } from '../jobs/runner.ts';
import { publicHeaders } from '../pages/answer.ts';
import { loadRecordKey } from './key.ts';
import { openRecordLog } from './log.ts';
import { settleStatements } from './statements.ts';

/** What waits is in a checkpoint after at most so long. */
const turnEveryMs = 2000;
const settleEveryMs = 5000;

const tileName = /^tile\/(entries|[0-9]|[1-5][0-9]|6[0-3])(\/x[0-9]{3}){0,5}\/[0-9]{3}(\.p\/[0-9]{1,3})?$/;

/** Opens the record in `state` (the control plane's own folder). `show` shows a decision to the public, and so records it. Throws an Error with a sentence when its key is not the published one. */
export async function openRecord(
  app: App,
  deps: ControlDeps,
  state: string,
  show: (decision: DecisionNumber) => Promise<unknown>,
): Promise<Job[]> {
  const folder = join(state, 'record');
  const { key, sign } = await loadRecordKey(deps.store, join(state, 'record.key'), deps.publicUrl);
  const log = openRecordLog({ store: deps.store, folder, key, sign });
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
