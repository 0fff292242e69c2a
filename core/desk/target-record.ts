/**
 * What stands in the sealed record of a person in danger, and which words of it must be blacked out wherever they stand in their case.
 *
 * The one place that knows the record's shape: written when a target is added, read by whoever redacts or unseals. Pure; sealing and opening are
 * control/desk/seal.ts's. A record that is older or damaged gives the names that can be read, never an error: redaction must go on.
 */
import { isCommonWord } from './redaction-names.ts';

export type TargetRecord = {
  readonly name: string;
  readonly contact: string;
  /** Names, handles, addresses that must be blacked out. */
  readonly redact: readonly string[];
  readonly safetyNotes: string;
};

/** The record as the seal keeps it. */
export function targetFields(target: TargetRecord): Record<string, string> {
  const { name, contact, redact, safetyNotes } = target;
  return { name, contact, redact: JSON.stringify(redact), safetyNotes };
}

/** The record from the seal's fields. */
export function readTarget(fields: Readonly<Record<string, string>>): TargetRecord {
  return {
    name: fields['name'] ?? '',
    contact: fields['contact'] ?? '',
    redact: listIn(fields['redact'] ?? '[]'),
    safetyNotes: fields['safetyNotes'] ?? '',
  };
}

/**
 * Everything of a target that redaction looks for: the name whole, its parts that can stand alone, and what was listed. A part that everyday
 * language uses too does not stand alone: redaction-names.ts knows where it is meant as a name.
 */
export function namesOfTarget(target: TargetRecord): string[] {
  const names = new Set<string>();
  for (const listed of [target.name, ...target.redact]) if (listed.trim() !== '') names.add(listed.trim());
  const parts = target.name.split(/[\s,]+/u);
  for (const part of parts) if (isTelling(part) && !(parts.length > 1 && isCommonWord(part))) names.add(part);
  return [...names];
}

/** The single words of names, as the search keeps them, and the names whole. */
export function searchedWords(names: readonly string[]): string[] {
  const folded = names.map((name) => name.normalize('NFKC').toLowerCase());
  const words = folded.flatMap((name) => name.split(/[^\p{L}\p{M}\p{N}]+/u));
  return [...new Set([...words, ...folded])].filter((word) => word !== '');
}

/** Too short to tell a person from a word. */
const shortestPart = 3;

function isTelling(part: string): boolean {
  return [...part].length >= shortestPart && /\p{L}/u.test(part);
}

function listIn(text: string): string[] {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}
