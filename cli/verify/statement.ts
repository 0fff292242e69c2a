/**
 * Whether a published statement stands in the record as it is shown: its text against its leaf, its leaf against a signed checkpoint.
 *
 * Pure; nothing is fetched. Proves that whoever holds the record's key signed a tree with exactly this text in it. Does not prove that the
 * statement is true, that everything is in the record, nor, without witnesses, that everybody is shown the same record.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { readNote, witnessedAt } from '../../contract/record/note.ts';
import type { NoteKey, VerifyText } from '../../contract/record/note.ts';
import { checkProofFile, readProofFile } from '../../contract/record/proof-file.ts';
import { PublishedStatement, RecordReference, readStatementLeaf, statementText } from '../../contract/record/statement.ts';
import { sha256 } from '../../kit/sha256.ts';

/** What `verify --save` writes: all that a check needs but the key. */
export const StatementFile = z.strictObject({ v: z.literal(1), statement: PublishedStatement, proof: z.string() });
export type StatementFile = z.infer<typeof StatementFile>;

export type StatementFinding =
  | {
      readonly kind: 'holds';
      readonly decision: string;
      readonly version: number;
      readonly recordedAt: string;
      readonly index: number;
      readonly size: number;
      readonly origin: string;
      /** Witnesses that were required, and when each signed. */
      readonly witnesses: readonly { readonly name: string; readonly at: string }[];
    }
  | { readonly kind: 'broken'; readonly why: string };

const proofSays = {
  unreadable: 'the proof is not a proof file of the format c2sp.org/tlog-proof@v1',
  signature: 'the checkpoint is not signed with the record’s key that was given',
  path: 'the leaf is not in the tree that was signed',
} as const;

/** Checks statement, leaf and proof against keys that are trusted: one of the logs' must have signed, and every witness's. */
export function checkStatement(
  { statement, proof }: StatementFile,
  keys: readonly NoteKey[],
  verify: VerifyText,
): StatementFinding {
  const broken = (why: string): StatementFinding => ({ kind: 'broken', why });
  const named = RecordReference.safeParse(statement['record']);
  if (!named.success) return broken('the statement does not name its leaf in the record');
  const leaf = readStatementLeaf(named.data.leaf);
  if (leaf === null) return broken('the leaf is not one of a statement');
  if (leaf.decision !== statement.decision) return broken(`the leaf is about ${leaf.decision}, not about ${statement.decision}`);
  const hashed = createHash('sha256').update(statementText(statement), 'utf8').digest('hex');
  if (leaf.sha256 !== hashed) return broken('the statement’s words are not those that the leaf was made of: they were changed');
  const found = checkProofFile(proof, new TextEncoder().encode(named.data.leaf), { keys, sha256, verify });
  if (found.kind === 'broken') return broken(proofSays[found.why]);
  const { checkpoint, index } = found;
  const note = readNote(readProofFile(proof)?.checkpoint ?? '');
  const witnesses: { name: string; at: string }[] = [];
  for (const key of keys) {
    if (key.use !== 'witness') continue;
    const seconds = note && witnessedAt(note, key, verify);
    if (seconds === null) return broken(`the witness ${key.name} has not signed this checkpoint`);
    witnesses.push({ name: key.name, at: new Date(seconds * 1000).toISOString() });
  }
  const { decision, version, at } = leaf;
  return { kind: 'holds', decision, version, recordedAt: at, index, size: checkpoint.size, origin: checkpoint.origin, witnesses };
}
