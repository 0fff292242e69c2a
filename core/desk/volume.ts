/**
 * What is counted of a cluster: distinct artefacts (K) and first-hand witnesses (W). A report adds parts; the same part twice counts once.
 *
 * A witness counts on their own when their mailbox answered or they are known; all others of a cluster count as one, because anybody can say
 * "it happened to me" a thousand times. Nothing here grades: N and M are pressure, K and W are shown after the grade is locked.
 */
import { firstHandRoles } from '../../contract/desk/words.ts';
import type { ReporterProof, ReporterRole } from '../../contract/desk/words.ts';

export type Source = {
  readonly artefacts: readonly string[];
  readonly role: ReporterRole;
  readonly proof: ReporterProof;
  /** A keyed hash of the mailbox; null for an anonymous reporter. */
  readonly mark: string | null;
};

export const artefactPart = 'k:';
export const witnessPart = 'w:';
/** Stands for all first-hand witnesses of a cluster of whom nothing is known. */
export const unprovedWitness = `${witnessPart}unproved`;

/** A report's parts, each once, in order. */
export function partsOf({ artefacts, role, proof, mark }: Source): string[] {
  const parts = new Set(artefacts.map((artefact) => `${artefactPart}${artefact}`));
  if (firstHandRoles.includes(role)) {
    parts.add(proof === 'none' || mark === null ? unprovedWitness : `${witnessPart}${mark}`);
  }
  return [...parts].sort();
}
