/**
 * What belongs to no site: the keys that sign and check clearances, and the answers that certificate authorities ask for.
 *
 * Key ids and the name of the current one live in two maps: in one, a visitor could send the pointer's own key as a key id and
 * have its value taken for a secret (edge-measured.md, pitfall 4). No current key: HAProxy answers 503 where a challenge is due.
 */
import type { AcmeAnswerPolicy } from '../../contract/certificates.ts';
import type { ClearanceKeyPolicy, ProviderPolicy } from '../../contract/policy.ts';
import type { MapEntry } from './types.ts';

/** The one key of the map `current-key`. */
export const currentKeyName = 'current';

/** Keys are secret: these entries are written with mode 600 and never logged. `provider` shows on pages only (renderPages). */
export function renderGlobal(keys: readonly ClearanceKeyPolicy[], _provider: ProviderPolicy): MapEntry[] {
  const entries: MapEntry[] = keys.map((key) => ({ map: 'keys', key: key.keyId, value: key.secret }));
  const current = keys.filter((key) => key.state === 'current').sort((a, b) => keyNumber(b) - keyNumber(a))[0];
  if (current !== undefined) entries.push({ map: 'current-key', key: currentKeyName, value: current.keyId });
  return entries;
}

/** What is answered to certificate authorities, by token. */
export function renderAnswers(answers: readonly AcmeAnswerPolicy[]): MapEntry[] {
  return answers.map(({ token, keyAuthorization }) => ({ map: 'acme', key: token, value: keyAuthorization }));
}

function keyNumber(key: ClearanceKeyPolicy): number {
  return Number(key.keyId.slice(1));
}
