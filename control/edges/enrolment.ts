/**
 * Enrolment: a token that is shown once, and the one edge that it makes.
 *
 * 256 random bits, kept as SHA-256. An edge that lost the answer may ask again with the same token and the same key and gets the same
 * answer: without that, a broken connection at the wrong moment would need a person. Everything else is refused in one sentence.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { EdgeId, idPrefix } from '../../contract/ids.ts';
import type { GroupName, Instant } from '../../contract/ids.ts';
import type { EnrolAnswer, EnrolRequest, PublicKey } from '../../contract/stream.ts';
import { instantOf } from '../../core/instant.ts';
import { emptyDigest } from '../../core/shield/digest.ts';
import { randomId } from '../../kit/random-id.ts';
import { addAudit } from '../../store/audit.ts';
import { findHead } from '../../store/change-log.ts';
import { brokenUniqueKey } from '../../store/errors.ts';
import { findEnrolled, insertEdge, insertToken, useToken } from '../../store/edges.ts';
import type { NamedPerson } from '../../store/orders.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import { Failure, notFound } from '../http/failure.ts';

export type NewToken = { readonly token: string; readonly group: GroupName; readonly expiresAt: Instant };

/** Makes a token. Throws Failure `not-found` when there is no such group. */
export async function createToken(
  deps: Pick<ControlDeps, 'store' | 'now'>,
  wanted: { group: GroupName; validMinutes: number; who: NamedPerson | null },
): Promise<NewToken> {
  const token = `pce_${randomBytes(32).toString('base64url')}`;
  const expiresAt = instantOf(deps.now() + wanted.validMinutes * 60_000);
  await transact(deps.store, async (unit) => {
    if ((await findHead(unit.tx, wanted.group)) === null) throw notFound('edge group');
    const at = nowOf(deps);
    await insertToken(unit.tx, { hash: hashOf(token), group: wanted.group, createdAt: at, expiresAt });
    await addAudit(unit.tx, { at, who: wanted.who, act: 'edge.make-token', subject: wanted.group, detail: { expiresAt } });
  });
  return { token, group: wanted.group, expiresAt };
}

/** Enrols an edge. Throws Failure `token-refused`. */
export async function enrol(
  deps: Pick<ControlDeps, 'store' | 'now'>,
  request: z.output<typeof EnrolRequest>,
  policyKey: PublicKey,
): Promise<EnrolAnswer> {
  const hash = hashOf(request.token);
  const edgeId = EdgeId.parse(randomId(idPrefix.edge));
  try {
    return await transact(deps.store, async (unit) => {
      const at = nowOf(deps);
      const group = await useToken(unit.tx, hash, edgeId, at);
      if (group === null) {
        const before = await findEnrolled(unit.tx, hash, request.publicKey);
        if (before === null) throw tokenRefused();
        return { edgeId: before.edgeId, group: before.group, policyKey };
      }
      const { name, publicKey, versions } = request;
      await insertEdge(unit.tx, { edgeId, name, group, publicKey, at, versions, digest: emptyDigest });
      await addAudit(unit.tx, { at, who: null, act: 'edge.enrol', subject: edgeId, detail: { name, group } });
      unit.tellAfter({ kind: 'edge', edgeId });
      return { edgeId, group, policyKey };
    });
  } catch (error) {
    if (brokenUniqueKey(error) === null) throw error;
    throw new Failure(
      'token-refused',
      'An edge with this key is enrolled already. Give the new edge a state folder of its own.',
      {
        cause: error,
      },
    );
  }
}

function tokenRefused(): Failure {
  return new Failure(
    'token-refused',
    'This token is unknown, was used, or has expired. Make a new one (portcullis edge enrol) and start the edge with it.',
  );
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
