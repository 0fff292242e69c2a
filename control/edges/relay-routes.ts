/** The routes of contract/routes/relays.ts, served: relays, their enrolment, their revocation. */
import { createHash, randomBytes } from 'node:crypto';
import { RelayId, idPrefix } from '../../contract/ids.ts';
import * as contract from '../../contract/routes/relays.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import { addAudit } from '../../store/audit.ts';
import { brokenUniqueKey } from '../../store/errors.ts';
import * as store from '../../store/relays.ts';
import type { RelayRecord } from '../../store/relays.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import { Failure, notFound } from '../http/failure.ts';
import { registerOpenRoute, registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';

/** After this silence a relay counts as away even if its link was never seen to end (a process that died held it). */
const silentMs = 20_000;

export function registerRelayRoutes(app: App, deps: ControlDeps): void {
  registerRoute(app, deps, contract.listRelays, async () => {
    const edges = await store.countBehindRelays(deps.store.db);
    return {
      items: (await store.listRelays(deps.store.db)).map((relay) => {
        const { relayId, name, version, enrolledAt, lastSeenAt } = relay;
        const state = stateOf(relay, deps.now());
        return { relayId, name, version, enrolledAt, lastSeenAt, state, edges: edges.get(relayId) ?? 0 };
      }),
    };
  });

  registerRoute(app, deps, contract.createRelayToken, async ({ body, caller }) => {
    const token = `pcr_${randomBytes(32).toString('base64url')}`;
    const expiresAt = instantOf(deps.now() + body.validMinutes * 60_000);
    await transact(deps.store, async ({ tx }) => {
      const at = nowOf(deps);
      await store.insertRelayToken(tx, { hash: hashOf(token), createdAt: at, expiresAt });
      await addAudit(tx, { at, who: caller, act: 'relay.make-token', subject: 'relay', detail: { expiresAt } });
    });
    return { token, expiresAt };
  });

  registerRoute(app, deps, contract.revokeRelay, async ({ params: { relayId }, caller }) => {
    await transact(deps.store, async (unit) => {
      const at = nowOf(deps);
      if (!(await store.revokeRelay(unit.tx, relayId, at))) throw notFound('relay');
      await addAudit(unit.tx, { at, who: caller, act: 'relay.revoke', subject: relayId, detail: {} });
      unit.ringAfter('relay-revoked', relayId);
    });
    return {};
  });

  registerOpenRoute(app, deps, contract.enrolRelay, async ({ body }) => {
    const hash = hashOf(body.token);
    const relayId = RelayId.parse(randomId(idPrefix.relay));
    try {
      return await transact(deps.store, async ({ tx }) => {
        const at = nowOf(deps);
        const { name, publicKey, version } = body;
        await store.insertRelay(tx, { relayId, name, publicKey, version, at });
        if (!(await store.useRelayToken(tx, hash, relayId, at))) throw tokenRefused();
        await addAudit(tx, { at, who: null, act: 'relay.enrol', subject: relayId, detail: { name } });
        return { relayId };
      });
    } catch (error) {
      if (brokenUniqueKey(error) === null) throw error;
      // It has asked before and lost the answer; or another relay's folder was copied.
      const before = await store.findEnrolledRelay(deps.store.db, hash, body.publicKey);
      if (before === null) throw tokenRefused();
      return { relayId: before };
    }
  });
}

function stateOf({ revokedAt, lastSeenAt, connectedTo }: RelayRecord, nowMs: number): contract.Relay['state'] {
  if (revokedAt !== null) return 'revoked';
  if (lastSeenAt === null) return 'never-seen';
  return connectedTo === null || nowMs - msOf(lastSeenAt) > silentMs ? 'away' : 'linked';
}

function tokenRefused(): Failure {
  return new Failure(
    'token-refused',
    'This token is unknown, was used, or has expired. Make a new one (portcullis relay enrol) and start the relay with it.',
  );
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
