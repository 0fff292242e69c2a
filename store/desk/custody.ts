/**
 * The chain of custody: one line for each act on an item of evidence. Nothing here changes or deletes a line.
 *
 * The item's row is locked while its line is added, so two lines never follow the same one.
 */
import { createHash } from 'node:crypto';
import { CustodyId, idPrefix } from '../../contract/ids.ts';
import type { EvidenceId } from '../../contract/ids.ts';
import type { CustodyLine } from '../../contract/desk/shapes.ts';
import { chainHolds, custodyText } from '../../core/desk/custody.ts';
import type { CustodyFacts } from '../../core/desk/custody.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';

/** Adds one line to an item's chain, in the transaction of the act. */
export async function addCustodyIn(tx: Tx, line: CustodyFacts): Promise<void> {
  await tx
    .selectFrom('evidence')
    .select('evidence_id')
    .where('evidence_id', '=', line.evidenceId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const last = await tx
    .selectFrom('custody')
    .select('line_hash')
    .where('evidence_id', '=', line.evidenceId)
    .orderBy('created_order', 'desc')
    .limit(1)
    .executeTakeFirst();
  await tx
    .insertInto('custody')
    .values({
      custody_id: CustodyId.parse(randomId(idPrefix.custody)),
      evidence_id: line.evidenceId,
      at: line.at,
      person_id: line.personId,
      person_name: line.personName,
      act: line.act,
      why: line.why,
      sha256: line.sha256,
      line_hash: sha256(custodyText(line, last?.line_hash ?? null)),
    })
    .execute();
}

/** The chain of an item, oldest first, and whether its hashes hold. */
export async function listCustody(db: Db, evidenceId: EvidenceId): Promise<{ lines: CustodyLine[]; intact: boolean }> {
  const rows = await db
    .selectFrom('custody')
    .selectAll()
    .where('evidence_id', '=', evidenceId)
    .orderBy('created_order')
    .execute();
  const lines = rows.map((row) => ({
    custodyId: row.custody_id,
    at: row.at,
    who: row.person_id === null ? null : { personId: row.person_id, name: row.person_name ?? '' },
    act: row.act,
    why: row.why,
    sha256: row.sha256,
    lineHash: row.line_hash,
  }));
  const facts = rows.map((row) => ({
    evidenceId: row.evidence_id,
    at: row.at,
    personId: row.person_id,
    personName: row.person_name,
    act: row.act,
    why: row.why,
    sha256: row.sha256,
    lineHash: row.line_hash,
  }));
  return { lines, intact: chainHolds(facts, sha256) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
