/**
 * What is blanked of a shredded case beyond its own file: of decisions and their orders, notices, tasks, messages that left, reviews, alarms, custody
 * and the audit trail.
 *
 * Kept, so that everybody can still answer for what was done: who, when, which act, which measure with its scope, grades, limbs met or not, the
 * public reason and what stands beside it on the public page. Gone: every sentence that somebody typed for the house alone, because a name that
 * nobody sealed may stand in it and nobody can look for it once the seal's key is gone.
 * Called by control/desk/evidence/shred.ts in the transaction that drops the keys. tests/desk/canary.test.ts looks through every column afterwards.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { CaseId, EvidenceId, Instant } from '../../contract/ids.ts';
import { chainHolds, custodyText } from '../../core/desk/custody.ts';
import type { CustodyFacts } from '../../core/desk/custody.ts';
import type { Tx } from '../transact.ts';
import { mergedInto } from './shredding.ts';

const gone = 'Shredded';
/** Acts whose line says only what the program itself knows: they stay whole. */
const ownWords: readonly CustodyFacts['act'][] = ['timestamp', 'view', 'shred'];

/** Blanks the words of what followed from a case, also from cases that were merged into it. Ids, times, people and measures stay. */
export async function blankDoneWordsIn(tx: Tx, caseId: CaseId, at: Instant): Promise<void> {
  const family = [caseId, ...(await mergedInto(tx, caseId))];
  // Before anything else: the trail is found by the ids of what is blanked.
  await blankTrailIn(tx, family);
  await sql`update shield_order set internal_reason = ${gone}, break_glass_reason = case when break_glass_reason is null then null else ${gone} end,
      lift_reason = case when lift_reason is null then null else ${gone} end
    where order_id in (select order_id from desk_decision where case_id = any(${family}::text[]) and order_id is not null)`.execute(
    tx,
  );
  // The sentence quotes the reason of whoever acted alone.
  await sql`update alarm set sentence = regexp_replace(sentence, '“.*”', ${`“${gone}”`})
    where case_id = any(${family}::text[])
      or order_id in (select order_id from desk_decision where case_id = any(${family}::text[]) and order_id is not null)`.execute(
    tx,
  );
  await sql`update desk_decision set internal_reason = ${gone}, named_urls = '[]',
      break_glass_reason = case when break_glass_reason is null then null else ${gone} end,
      owner_notice_delay_reason = case when owner_notice_delay_reason is null then null else ${gone} end,
      limbs = (select coalesce(jsonb_agg(limb || jsonb_build_object('reason', ${gone}::text) order by n), '[]')
        from jsonb_array_elements(limbs) with ordinality as l(limb, n))
    where case_id = any(${family}::text[])`.execute(tx);
  await sql`update after_review set text = ${gone} where case_id = any(${family}::text[])`.execute(tx);
  // The subject of what we asked was typed; that of a statement is its number.
  await sql`update owner_notice set text = ${gone}, named_urls = '[]', subject = case when decision_id is null then ${gone} else subject end
    where case_id = any(${family}::text[])`.execute(tx);
  await sql`update appeal set reasons = ${gone} where reasons is not null and case_id = any(${family}::text[])`.execute(tx);
  // A label such as "Target A" names nobody and says who was warned.
  await sql`update task set subject = ${gone} where case_id = any(${family}::text[]) and subject is not null
    and not exists (select from target t where t.case_id = task.case_id and t.label = task.subject)`.execute(tx);
  await sql`update outbox set subject = ${gone}, body = null, failed_at = case when sent_at is null then coalesce(failed_at, ${at}) else failed_at end,
      last_error = case when sent_at is null then 'Its case was shredded before it was sent.' else last_error end
    where case_id = any(${family}::text[])`.execute(tx);
  // Where the house keeps an address only because somebody reported it.
  await sql`update desk_case set hostname = null where site_id is null and case_id = any(${family}::text[])`.execute(tx);
  await sql`update report set hostname = null where site_id is null and case_id = any(${family}::text[])`.execute(tx);
  // What clusters counted stays as numbers; which artefact and which mailbox it was does not.
  await sql`update cluster_part set part = case when starts_with(part, 'w:') and part <> 'w:unproved' then 'w:' || gen_random_uuid()::text
      when part ~ '^k:(sha256|url-sha256|file):' or not starts_with(part, 'k:') then part
      else 'k:sha256:' || encode(sha256(convert_to(substr(part, 3), 'UTF8')), 'hex') end
    where cluster_id in (select cluster_id from cluster where case_id = any(${family}::text[]))`.execute(tx);
}

/** Keys of an audit line under which somebody's own words stand. */
const typedKeys = ['why', 'reason', 'agency', 'record', 'note', 'title'];

async function blankTrailIn(tx: Tx, family: readonly CaseId[]): Promise<void> {
  const cases = [...family];
  await sql`
    with subject as (
      select unnest(${cases}::text[]) as id
      union select report_id from report where case_id = any(${cases}::text[])
      union select evidence_id from evidence where case_id = any(${cases}::text[])
      union select incident_id from incident where case_id = any(${cases}::text[])
      union select order_id from desk_decision where case_id = any(${cases}::text[]) and order_id is not null
      union select authority_id from authority_request where case_id = any(${cases}::text[])
    )
    update audit_entry set detail = (
      select jsonb_object_agg(key, case when key = any(${typedKeys}::text[]) and jsonb_typeof(value) = 'string'
        then to_jsonb(${gone}::text) else value end) from jsonb_each(detail)
    ) where subject in (select id from subject) and jsonb_exists_any(detail, ${typedKeys}::text[])`.execute(tx);
}

/**
 * Blanks what people gave as reasons in an item's chain of custody and chains the lines anew. Returns a sentence for the line that says so: how
 * long the chain was, with which hash it ended, and whether it held. One that did not hold is left broken: blanking heals nothing.
 */
export async function blankCustodyIn(tx: Tx, evidenceId: EvidenceId): Promise<string> {
  const rows = await tx
    .selectFrom('custody')
    .selectAll()
    .where('evidence_id', '=', evidenceId)
    .orderBy('created_order')
    .forUpdate()
    .execute();
  const held = chainHolds(
    rows.map((row) => ({ ...factsOf(row), lineHash: row.line_hash })),
    sha256,
  );
  let before: string | null = null;
  for (const row of rows) {
    const facts = factsOf(row);
    const why = ownWords.includes(row.act) ? row.why : gone;
    const lineHash: string = held ? sha256(custodyText({ ...facts, why }, before)) : row.line_hash;
    if (why !== row.why || lineHash !== row.line_hash) {
      await tx.updateTable('custody').set({ why, line_hash: lineHash }).where('custody_id', '=', row.custody_id).execute();
    }
    before = lineHash;
  }
  return `Of the ${rows.length} lines before, which ended in ${rows.at(-1)?.line_hash ?? 'nothing'} and ${held ? 'held together' : 'did not hold'}, the reasons are gone.`;
}

function factsOf(row: {
  evidence_id: EvidenceId;
  at: Instant;
  person_id: CustodyFacts['personId'];
  person_name: string | null;
  act: CustodyFacts['act'];
  why: string;
  sha256: string | null;
}): CustodyFacts {
  return {
    evidenceId: row.evidence_id,
    at: row.at,
    personId: row.person_id,
    personName: row.person_name,
    act: row.act,
    why: row.why,
    sha256: row.sha256,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
