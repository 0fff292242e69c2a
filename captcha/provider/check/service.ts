/**
 * Checks as a part of the provider: their routes, and the figures that go to the database now and then.
 *
 * What it starts it stops. Figures of the last seconds are handed over at the stop; when the database is away then, they are lost (open).
 */
import type { Logger } from 'pino';
import type { CheckReply } from '../../../contract/captcha.ts';
import { checkPaths } from '../../../contract/captcha.ts';
import { errorForLog } from '../../../kit/log-error.ts';
import type { Db } from '../../../store/open.ts';
import type { Asked, Reply, Route } from '../http.ts';
import { json } from '../http.ts';
import { createChecks } from './checks.ts';
import type { CheckedKey, CheckParts, Checks } from './checks.ts';
import { networkOf } from './network.ts';
import { Tally } from './tally.ts';

const flushEveryMs = 5000;
const lookEveryMs = 60_000;

export type CheckService = {
  readonly routes: readonly Route[];
  /** Hands over the last figures. */
  readonly stop: () => Promise<void>;
};

export type CheckServiceParts<Key extends CheckedKey> = Pick<
  CheckParts<Key>,
  'nowMs' | 'findKey' | 'macKeys' | 'issueToken' | 'spend' | 'check' | 'places' | 'work'
> & { readonly db: Db; readonly log: Logger };

export function startChecks<Key extends CheckedKey>(parts: CheckServiceParts<Key>): CheckService {
  const { db, log, nowMs } = parts;
  const tally = new Tally();
  const checks = createChecks({ ...parts, tally });
  const failed = (error: unknown) =>
    log.warn({ err: errorForLog(error) }, 'figures of checks were not taken; they are kept for a while');
  const flushing = setInterval(() => void tally.flush(db).catch(failed), flushEveryMs);
  const looking = setInterval(() => void tally.look(db, nowMs()).catch(failed), lookEveryMs);
  for (const timer of [flushing, looking]) timer.unref();
  return {
    routes: checkRoutes(checks),
    stop: async () => {
      clearInterval(flushing);
      clearInterval(looking);
      await tally.flush(db).catch(failed);
    },
  };
}

/** A page anywhere may ask: nothing here depends on cookies. */
const cors = { 'access-control-allow-origin': '*' };
const preflight: Reply = {
  status: 204,
  headers: {
    ...cors,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'content-type',
    'access-control-max-age': '86400',
  },
};

export function checkRoutes(checks: Checks): readonly Route[] {
  return (['begin', 'answer', 'wait'] as const).flatMap((name): Route[] => [
    {
      method: 'POST',
      path: checkPaths[name],
      handle: async ({ body, address }: Asked) => {
        const reply = await checks[name]({ body: body.kind === 'json' ? body.value : null, network: networkOf(address) });
        // Beginning costs nothing and shows nothing; a step that was worked through does.
        return name === 'answer' && (reply.do === 'step' || reply.do === 'token')
          ? { ...replyOf(reply), good: true }
          : replyOf(reply);
      },
      lost: () => replyOf({ do: 'refused', code: 'unavailable' }),
      busy: busyReply,
    },
    { method: 'OPTIONS', path: checkPaths[name], handle: () => preflight },
  ]);
}

const busyReply = replyOf({ do: 'again', seconds: 3 });

function replyOf(reply: CheckReply): Reply {
  if (reply.do === 'again') return json(reply, 429, { ...cors, 'retry-after': String(reply.seconds) });
  if (reply.do !== 'refused') return json(reply, 200, cors);
  if (reply.code === 'unavailable') return json(reply, 503, { ...cors, 'retry-after': '5' });
  return json(reply, reply.code === 'bad-request' ? 400 : 200, cors);
}
