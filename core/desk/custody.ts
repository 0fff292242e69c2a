/**
 * The chain of custody as text: each line of an item carries the hash of itself and of the line before, so that a line that was changed,
 * taken out or moved shows.
 *
 * Pure: hashing is handed in. What it cannot show by itself: that the newest lines were cut off. An export that left the house with a
 * later line shows that; so will the public record once it holds the newest hash.
 */
import { canonicalJson } from '../../contract/canonical.ts';
import type { CustodyLine } from '../../contract/desk/shapes.ts';
import type { EvidenceId, Instant, PersonId } from '../../contract/ids.ts';

export type CustodyAct = CustodyLine['act'];

export type CustodyFacts = {
  readonly evidenceId: EvidenceId;
  readonly at: Instant;
  readonly personId: PersonId | null;
  readonly personName: string | null;
  readonly act: CustodyAct;
  readonly why: string;
  /** Of what was made, seen or handed out; null when the act has none. */
  readonly sha256: string | null;
};

/** The text whose SHA-256 is a line's hash. `before` is the hash of the line before; null for the first. */
export function custodyText(line: CustodyFacts, before: string | null): string {
  return canonicalJson({
    v: 1,
    evidence: line.evidenceId,
    at: line.at,
    person: line.personId,
    name: line.personName,
    act: line.act,
    why: line.why,
    sha256: line.sha256,
    before,
  });
}

/** Whether every line's hash holds, oldest first. */
export function chainHolds(
  lines: readonly (CustodyFacts & { readonly lineHash: string })[],
  sha256: (text: string) => string,
): boolean {
  let before: string | null = null;
  for (const line of lines) {
    if (line.lineHash !== sha256(custodyText(line, before))) return false;
    before = line.lineHash;
  }
  return lines[0] === undefined || lines[0].act === 'create';
}
