/**
 * The house's own rows: facts that control processes agree on, accounts, alarms, reading the audit trail, traffic.
 * Writing the audit trail: audit.ts.
 */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { z } from 'zod';
import { AccountId, AlarmId } from '../contract/ids.ts';
import type { CaseId, EdgeId, GroupName, Instant, OrderId, SiteId } from '../contract/ids.ts';
import type { Alarm, AuditEntry } from '../contract/routes/house.ts';
import type { OutcomeCounts } from '../contract/stream.ts';
import { randomId } from '../kit/random-id.ts';
import type { Db } from './open.ts';
import type { NamedPerson } from './orders.ts';
import { pageOf } from './paging.ts';
import type { AlarmTable } from './tables.ts';
import { relaxed } from './transact.ts';
import type { Work } from './transact.ts';

export async function findFact(db: Db, name: string): Promise<string | null> {
  return (await db.selectFrom('house_fact').select('value').where('name', '=', name).executeTakeFirst())?.value ?? null;
}

/** Sets a fact unless it is set, and returns what it is. */
export async function settleFact(db: Db, name: string, value: string): Promise<string> {
  await db
    .insertInto('house_fact')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  return (await findFact(db, name)) ?? value;
}

/** The account for sites that belong to nobody else: the operator's own. Made once. */
export async function settleHouseAccount(db: Db, name: string, at: Instant): Promise<AccountId> {
  const accountId = AccountId.parse(await settleFact(db, 'house-account', randomId('acct')));
  await db
    .insertInto('account')
    .values({ account_id: accountId, name, created_at: at })
    .onConflict((conflict) => conflict.column('account_id').doNothing())
    .execute();
  return accountId;
}

export async function hasAccount(db: Db, accountId: AccountId): Promise<boolean> {
  return (
    (await db.selectFrom('account').select('account_id').where('account_id', '=', accountId).executeTakeFirst()) !== undefined
  );
}

const Detail = z.record(z.string(), z.unknown());

export async function listAudit(
  db: Db,
  ask: { subject: string | null; limit: number; before: number | null },
): Promise<{ items: AuditEntry[]; next: number | null; total: number }> {
  let matching = db.selectFrom('audit_entry');
  if (ask.subject !== null) matching = matching.where('subject', '=', ask.subject);
  const { total } = await matching.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  let page = matching
    .selectAll()
    .orderBy('created_order', 'desc')
    .limit(ask.limit + 1);
  if (ask.before !== null) page = page.where('created_order', '<', ask.before);
  const { shown, next } = pageOf(await page.execute(), ask.limit);
  return {
    items: shown.map((row) => ({
      auditId: row.audit_id,
      at: row.at,
      who: row.person_id === null ? null : { personId: row.person_id, name: row.person_name ?? '' },
      act: row.act,
      subject: row.subject,
      detail: Detail.parse(row.detail),
    })),
    next,
    total,
  };
}

export type AlarmDraft = {
  readonly kind: Alarm['kind'];
  readonly at: Instant;
  readonly sentence: string;
  readonly orderId?: OrderId;
  readonly siteId?: SiteId;
  readonly edgeId?: EdgeId;
  readonly caseId?: CaseId;
};

/**
 * Raises an alarm; when an open one of the same kind about the same things is there, that one stands and nothing is written. A page that reached nobody
 * and belongs to no case, and a certificate (a site has several), is the same only when its sentence is: an unseen one must not hide the next.
 */
export async function raiseAlarm(unit: Pick<Work, 'tx' | 'tellAfter'>, draft: AlarmDraft): Promise<void> {
  const open = await unit.tx
    .selectFrom('alarm')
    .select('alarm_id')
    .where('kind', '=', draft.kind)
    .where('acknowledged_at', 'is', null)
    .where(sql<boolean>`order_id is not distinct from ${draft.orderId ?? null}`)
    .where(sql<boolean>`site_id is not distinct from ${draft.siteId ?? null}`)
    .where(sql<boolean>`edge_id is not distinct from ${draft.edgeId ?? null}`)
    .where(sql<boolean>`case_id is not distinct from ${draft.caseId ?? null}`)
    .where(sql<boolean>`(${!isOfItsSentence(draft)}::boolean or sentence = ${draft.sentence})`)
    .limit(1)
    .executeTakeFirst();
  if (open !== undefined) return;
  const alarmId = AlarmId.parse(randomId('alarm'));
  await unit.tx
    .insertInto('alarm')
    .values({
      alarm_id: alarmId,
      kind: draft.kind,
      at: draft.at,
      sentence: draft.sentence,
      order_id: draft.orderId ?? null,
      site_id: draft.siteId ?? null,
      edge_id: draft.edgeId ?? null,
      case_id: draft.caseId ?? null,
      acknowledged_by: null,
      acknowledged_name: null,
      acknowledged_at: null,
    })
    .execute();
  unit.tellAfter({ kind: 'alarm', alarmId });
}

function isOfItsSentence({ kind, caseId }: AlarmDraft): boolean {
  return (
    kind === 'record' ||
    kind === 'certificate-expiring' ||
    kind === 'certificate-failed' ||
    (kind === 'page-failed' && caseId === undefined)
  );
}

/** Whether an alarm of a kind about an edge was raised since an instant, seen by somebody or not. */
export async function hasAlarmSince(db: Db, kind: Alarm['kind'], edgeId: EdgeId, since: Instant): Promise<boolean> {
  const row = await db
    .selectFrom('alarm')
    .select('alarm_id')
    .where('kind', '=', kind)
    .where('edge_id', '=', edgeId)
    .where('at', '>=', since)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export async function listAlarms(
  db: Db,
  ask: { open: boolean | null; limit: number; before: number | null },
): Promise<{ items: Alarm[]; next: number | null; total: number }> {
  let matching = db.selectFrom('alarm');
  if (ask.open !== null) matching = matching.where('acknowledged_at', ask.open ? 'is' : 'is not', null);
  const { total } = await matching.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  let page = matching
    .selectAll()
    .orderBy('created_order', 'desc')
    .limit(ask.limit + 1);
  if (ask.before !== null) page = page.where('created_order', '<', ask.before);
  const { shown, next } = pageOf(await page.execute(), ask.limit);
  return {
    items: shown.map(alarmOf),
    next,
    total,
  };
}

/** Notes who has seen an alarm; who was first stays. Null when there is no such alarm. */
export async function acknowledgeAlarm(tx: Db, alarmId: AlarmId, who: NamedPerson, at: Instant): Promise<Alarm | null> {
  await tx
    .updateTable('alarm')
    .set({ acknowledged_by: who.personId, acknowledged_name: who.name, acknowledged_at: at })
    .where('alarm_id', '=', alarmId)
    .where('acknowledged_at', 'is', null)
    .execute();
  const row = await tx.selectFrom('alarm').selectAll().where('alarm_id', '=', alarmId).executeTakeFirst();
  return row === undefined ? null : alarmOf(row);
}

export async function countOpenAlarms(db: Db): Promise<number> {
  const row = await db
    .selectFrom('alarm')
    .select((select) => select.fn.countAll<number>().as('open'))
    .where('acknowledged_at', 'is', null)
    .executeTakeFirstOrThrow();
  return row.open;
}

export type TrafficSum = { readonly siteId: SiteId; readonly bucket: Instant; readonly counts: OutcomeCounts };

/** Adds counts to the buckets of sites of one group; counts of sites that the group does not have are dropped. */
export async function addTraffic(db: Db, group: GroupName, sums: readonly TrafficSum[]): Promise<void> {
  if (sums.length === 0) return;
  await relaxed(db, async (tx) => {
    for (let start = 0; start < sums.length; start += 1000) {
      const rows = sums.slice(start, start + 1000).map(
        ({ siteId, bucket, counts: c }) =>
          sql`(${siteId}, ${bucket}::timestamptz, ${c.passed}::bigint, ${c.challenged}::bigint, ${c.solved}::bigint, ${c.limited}::bigint,
          ${c.denied}::bigint, ${c.noticed}::bigint, ${c['origin-error']}::bigint)`,
      );
      await sql`insert into traffic
      select v.* from (values ${sql.join(rows)}) as v(site_id, bucket, passed, challenged, solved, limited, denied, noticed, origin_error)
      join site on site.site_id = v.site_id and site.group_name = ${group}
      on conflict (site_id, bucket) do update set passed = traffic.passed + excluded.passed, challenged = traffic.challenged + excluded.challenged,
        solved = traffic.solved + excluded.solved, limited = traffic.limited + excluded.limited, denied = traffic.denied + excluded.denied,
        noticed = traffic.noticed + excluded.noticed, origin_error = traffic.origin_error + excluded.origin_error`.execute(tx);
    }
  });
}

/** A site's traffic in steps from an instant on; steps without requests are left out. */
export async function readTraffic(
  db: Db,
  siteId: SiteId,
  from: Instant,
  stepSeconds: number,
): Promise<{ at: Instant; counts: OutcomeCounts }[]> {
  const { rows } = await sql<{ at: Instant } & Record<Exclude<keyof OutcomeCounts, 'origin-error'> | 'origin_error', number>>`
    select date_bin(make_interval(secs => ${stepSeconds}), bucket, ${from}::timestamptz) as at, sum(passed)::bigint as passed,
      sum(challenged)::bigint as challenged, sum(solved)::bigint as solved, sum(limited)::bigint as limited, sum(denied)::bigint as denied,
      sum(noticed)::bigint as noticed, sum(origin_error)::bigint as origin_error
    from traffic where site_id = ${siteId} and bucket >= ${from} group by 1 order by 1`.execute(db);
  return rows.map(({ at, origin_error, ...counts }) => ({ at, counts: { ...counts, 'origin-error': origin_error } }));
}

export async function trimTraffic(db: Db, before: Instant): Promise<void> {
  await db.deleteFrom('traffic').where('bucket', '<', before).execute();
}

function alarmOf(row: Selectable<AlarmTable>): Alarm {
  return {
    alarmId: row.alarm_id,
    kind: row.kind,
    at: row.at,
    sentence: row.sentence,
    orderId: row.order_id,
    siteId: row.site_id,
    edgeId: row.edge_id,
    caseId: row.case_id,
    acknowledgedBy: row.acknowledged_by === null ? null : { personId: row.acknowledged_by, name: row.acknowledged_name ?? '' },
    acknowledgedAt: row.acknowledged_at,
  };
}
