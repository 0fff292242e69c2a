/**
 * Ids: what names a thing across rooms, processes and wires.
 *
 * An id is a prefix that says what it names and 12 random symbols of Crockford's base 32 (60 bits): short enough for a map key
 * at the edge and to be read aloud. It is not a secret: nothing is granted to whoever knows one. Making ids needs chance, so it
 * lives in kit/random-id.ts; this file only parses.
 */
import { z } from 'zod';

const symbols = '[0-9a-hjkmnp-tv-z]{12}';

function idSchema<Name extends string>(prefix: string, _name: Name) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_${symbols}$`), `must be an id such as ${prefix}_0123456789ab`)
    .brand<Name>();
}

/** The prefix of each kind of id: the one table from which parsers are made. */
export const idPrefix = {
  account: 'acct',
  alarm: 'alarm',
  audit: 'audit',
  credential: 'cred',
  edge: 'edge',
  order: 'order',
  person: 'person',
  receipt: 'rcpt',
  session: 'sess',
  site: 'site',
  token: 'token',
} as const satisfies Record<string, string>;

export type IdKind = keyof typeof idPrefix;

export const AccountId = idSchema(idPrefix.account, 'AccountId');
export type AccountId = z.infer<typeof AccountId>;
export const AlarmId = idSchema(idPrefix.alarm, 'AlarmId');
export type AlarmId = z.infer<typeof AlarmId>;
export const AuditId = idSchema(idPrefix.audit, 'AuditId');
export type AuditId = z.infer<typeof AuditId>;
export const CredentialId = idSchema(idPrefix.credential, 'CredentialId');
export type CredentialId = z.infer<typeof CredentialId>;
export const EdgeId = idSchema(idPrefix.edge, 'EdgeId');
export type EdgeId = z.infer<typeof EdgeId>;
export const OrderId = idSchema(idPrefix.order, 'OrderId');
export type OrderId = z.infer<typeof OrderId>;
export const PersonId = idSchema(idPrefix.person, 'PersonId');
export type PersonId = z.infer<typeof PersonId>;
export const ReceiptId = idSchema(idPrefix.receipt, 'ReceiptId');
export type ReceiptId = z.infer<typeof ReceiptId>;
export const SessionId = idSchema(idPrefix.session, 'SessionId');
export type SessionId = z.infer<typeof SessionId>;
export const SiteId = idSchema(idPrefix.site, 'SiteId');
export type SiteId = z.infer<typeof SiteId>;
export const TokenId = idSchema(idPrefix.token, 'TokenId');
export type TokenId = z.infer<typeof TokenId>;

/** An edge group is named by its operator: a short word, unique in the installation. */
export const GroupName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be a short lower-case word such as default or eu-west')
  .brand<'GroupName'>();
export type GroupName = z.infer<typeof GroupName>;

/** A clearance key's id: `k` and a number. It travels inside every clearance, so it is short. */
export const KeyId = z
  .string()
  .regex(/^k[1-9][0-9]{0,8}$/, 'must be a key id such as k12')
  .brand<'KeyId'>();
export type KeyId = z.infer<typeof KeyId>;

/** A decision's public number: year and a dense counter, so that a gap is visible (record.md). */
export const DecisionNumber = z
  .string()
  .regex(/^D-[0-9]{4}-[0-9]{4,8}$/, 'must be a decision number such as D-2026-0001')
  .brand<'DecisionNumber'>();
export type DecisionNumber = z.infer<typeof DecisionNumber>;

/** A numbered state of one edge group's policy. Zero means "nothing yet". Dense: each commit adds one. */
export const Revision = z.int().min(0).brand<'Revision'>();
export type Revision = z.infer<typeof Revision>;

/** An instant in UTC, ISO 8601 with milliseconds and `Z`, as it crosses wires. */
export const Instant = z.iso.datetime({ precision: 3 }).brand<'Instant'>();
export type Instant = z.infer<typeof Instant>;
