/**
 * Guards before a sign-in: attempts counted by network and by name, and a bound on challenges that are handed out.
 *
 * Fails closed: when the database does not answer, nobody signs in. An attempt is counted before the proof is checked and taken back
 * when it was right (core/identity/backoff.ts says why). A name is counted whether or not it exists, under its hash.
 */
import { judgeAttempt, networkRule, personRule } from '../../core/identity/backoff.ts';
import type { BackoffRule } from '../../core/identity/backoff.ts';
import { nameKey } from '../../core/identity/people.ts';
import { countedNetwork } from '../../core/identity/session.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import type { Instant, PersonId } from '../../contract/ids.ts';
import type { CeremonyId } from '../../contract/routes/identity.ts';
import {
  clearAttempts,
  countCeremonies,
  forgetAttempts,
  insertCeremony,
  lockAttempts,
  takeBackAttempt,
  writeAttempts,
} from '../../store/identity/doors.ts';
import type { Ceremony } from '../../store/identity/doors.ts';
import type { Db } from '../../store/open.ts';
import type { RequestFacts } from '../http/caller.ts';
import { Failure } from '../http/failure.ts';
import { clientAddressOf } from './client.ts';
import { inTransaction } from './deps.ts';
import type { IdentityDeps } from './deps.ts';
import { hashOf, newCeremonyId } from './secrets.ts';

export type Attempt = { readonly network: string; readonly person: string | null };

const ruleOf = (bucket: string): BackoffRule => (bucket.startsWith('person:') ? personRule : networkRule);

/** Counts an attempt from this client, and for this name if one is given. Throws Failure `too-many-requests`. */
export async function countAttempt(deps: IdentityDeps, request: RequestFacts, name: string | null): Promise<Attempt> {
  const nowMs = deps.now();
  const attempt = {
    network: `network:${countedNetwork(clientAddressOf(request))}`,
    person: name === null ? null : `person:${hashOf(nameKey(name))}`,
  };
  await inTransaction(deps, async (tx) => {
    const buckets = attempt.person === null ? [attempt.network] : [attempt.network, attempt.person];
    const stored = await lockAttempts(tx, buckets, instantOf(nowMs));
    const verdicts = stored.map((one) => ({
      bucket: one.bucket,
      verdict: judgeAttempt(ruleOf(one.bucket), { failures: one.failures, lastAtMs: msOf(one.lastAt) }, nowMs),
    }));
    const waits = verdicts.flatMap(({ verdict }) => (verdict.kind === 'wait' ? [verdict.retryAfterMs] : []));
    if (waits.length > 0) throw tooMany(Math.max(...waits));
    for (const { bucket, verdict } of verdicts) {
      if (verdict.kind !== 'go') continue;
      await writeAttempts(tx, { bucket, failures: verdict.next.failures, lastAt: instantOf(verdict.next.lastAtMs) });
    }
  });
  return attempt;
}

/** The proof was right: the person's count is forgotten, the network's taken back. Part of the transaction that signs in. */
export async function attemptWasRight(tx: Db, attempt: Attempt, nowMs: number): Promise<void> {
  await takeBackAttempt(tx, attempt.network);
  if (attempt.person !== null) await forgetAttempts(tx, attempt.person);
  await clearAttempts(tx, instantOf(nowMs - personRule.forgetMs));
}

function tooMany(waitMs: number): Failure {
  const seconds = Math.ceil(waitMs / 1000);
  const wait = seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
  return new Failure(
    'too-many-requests',
    `There were too many attempts. Nothing was changed. Try again in ${wait}, or sign in with a passkey.`,
    { retryAfterSeconds: seconds },
  );
}

const ceremonyMs = 10 * 60_000;
/** Challenges that one network may have open. */
const ceremoniesPerNetwork = 300;

type Begun = {
  readonly kind: Ceremony['kind'];
  readonly holder: string | null;
  readonly challenge: string | null;
  readonly totpSecret: string | null;
  readonly personId: PersonId | null;
  readonly name: string | null;
};

/** Stores a ceremony for ten minutes. Throws Failure `too-many-requests` when this network holds too many. */
export async function beginCeremony(
  deps: IdentityDeps,
  request: RequestFacts,
  begun: Begun,
): Promise<{ ceremonyId: CeremonyId; expiresAt: Instant }> {
  const nowMs = deps.now();
  const network = countedNetwork(clientAddressOf(request));
  const ceremonyId = newCeremonyId();
  const expiresAt = instantOf(nowMs + ceremonyMs);
  await inTransaction(deps, async (tx) => {
    if ((await countCeremonies(tx, network, instantOf(nowMs - ceremonyMs))) >= ceremoniesPerNetwork) throw tooMany(60_000);
    await insertCeremony(tx, {
      ceremony_id: ceremonyId,
      kind: begun.kind,
      holder: begun.holder,
      challenge: begun.challenge,
      totp_secret: begun.totpSecret,
      person_id: begun.personId,
      name: begun.name,
      network,
      created_at: instantOf(nowMs),
      expires_at: expiresAt,
    });
  });
  return { ceremonyId, expiresAt };
}
