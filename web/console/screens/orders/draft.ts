/** An order as it is typed, and as it is sent: which fields a measure needs, when it starts and ends. Pure. */
import { SiteId } from '../../../../contract/ids.ts';
import type { Measure } from '../../../../contract/policy.ts';
import { OrderDraft } from '../../../../contract/routes/orders.ts';
import { mistakesIn } from '../../api/client.ts';
import type { FieldMistake } from '../../api/client.ts';
import { fromLocalInput } from '../../format/time.ts';
import { linesOf } from '../sites/typed.ts';

/** Lengths in hours, and a set time. */
export const lengths = ['1', '24', '168', '720', 'exact'] as const;
export type Length = (typeof lengths)[number];

export type TypedOrder = {
  readonly siteId: string;
  readonly measure: Measure;
  readonly scope: 'whole' | 'some';
  readonly hostnames: string;
  readonly path: string;
  readonly requestsPer10s: string;
  readonly publicReason: string;
  readonly internalReason: string;
  readonly basis: 'own-decision' | 'legal-order';
  readonly authority: string;
  readonly reference: string;
  readonly authorityUrl: string;
  readonly starts: 'now' | 'exact';
  readonly startsLocal: string;
  readonly length: Length;
  readonly endsLocal: string;
  readonly breakGlass: boolean;
  readonly breakGlassReason: string;
};

export function emptyOrder(siteId: string): TypedOrder {
  return {
    siteId,
    measure: 'notice-on-path',
    scope: 'whole',
    hostnames: '',
    path: '',
    requestsPer10s: '20',
    publicReason: '',
    internalReason: '',
    basis: 'own-decision',
    authority: '',
    reference: '',
    authorityUrl: '',
    starts: 'now',
    startsLocal: '',
    length: '168',
    endsLocal: '',
    breakGlass: false,
    breakGlassReason: '',
  };
}

/** When the order would end if it were placed at `nowMs`; null while a date is missing. */
export function endOf(typed: TypedOrder, nowMs: number): string | null {
  if (typed.length === 'exact') return fromLocalInput(typed.endsLocal);
  const start = typed.starts === 'exact' ? fromLocalInput(typed.startsLocal) : new Date(nowMs).toISOString();
  return start === null ? null : new Date(Date.parse(start) + Number(typed.length) * 3_600_000).toISOString();
}

export type MissingWords = { readonly site: string; readonly hostnames: string; readonly path: string; readonly instant: string };

export type DraftResult =
  { readonly ok: true; readonly body: OrderDraft } | { readonly ok: false; readonly mistakes: readonly FieldMistake[] };

/** The order as the contract wants it, or every mistake at once. */
export function draftFrom(typed: TypedOrder, nowMs: number, missing: MissingWords): DraftResult {
  const mistakes: FieldMistake[] = [];
  const endsAt = endOf(typed, nowMs);
  const startsAt = typed.starts === 'exact' ? fromLocalInput(typed.startsLocal) : undefined;
  const hostnames = typed.scope === 'some' ? linesOf(typed.hostnames) : [];
  if (!SiteId.safeParse(typed.siteId).success) mistakes.push({ path: 'siteId', message: missing.site });
  if (typed.scope === 'some' && hostnames.length === 0) mistakes.push({ path: 'hostnames', message: missing.hostnames });
  if (typed.measure === 'notice-on-path' && typed.path.trim() === '') mistakes.push({ path: 'path', message: missing.path });
  if (startsAt === null) mistakes.push({ path: 'startsAt', message: missing.instant });
  if (typed.length === 'exact' && endsAt === null) mistakes.push({ path: 'endsAt', message: missing.instant });
  const body: OrderDraft = {
    measure: typed.measure,
    siteId: typed.siteId,
    ...(hostnames.length > 0 ? { hostnames } : {}),
    ...(typed.measure === 'notice-on-path' ? { path: typed.path.trim() } : {}),
    ...(typed.measure === 'rate-limit' ? { requestsPer10s: Number(typed.requestsPer10s) } : {}),
    basis:
      typed.basis === 'own-decision'
        ? { kind: 'own-decision' }
        : { kind: 'legal-order', authority: typed.authority, reference: typed.reference, authorityUrl: typed.authorityUrl },
    internalReason: typed.internalReason,
    publicReason: typed.publicReason,
    ...(typeof startsAt === 'string' ? { startsAt } : {}),
    endsAt: endsAt ?? new Date(nowMs).toISOString(),
    ...(typed.breakGlass ? { breakGlass: { reason: typed.breakGlassReason } } : {}),
  };
  const known = new Set(mistakes.map((mistake) => mistake.path));
  mistakes.push(...mistakesIn(OrderDraft, body).filter((mistake) => !known.has(mistake.path)));
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, body };
}
