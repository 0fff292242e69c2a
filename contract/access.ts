/**
 * Who may do what: scopes, and the roles that hold them. The one table; server, console and handbook read it.
 *
 * A route names the scope it needs. A person has roles; an API token has scopes, never more than its person's roles hold at the
 * moment of use. An `owner` sees and changes only sites of their own account. No role holds both ends of a two-person act by
 * itself: the server also compares persons (core/shield/orders.ts).
 */
import { z } from 'zod';

export const Scope = z.enum([
  'sites:read',
  'sites:write',
  'sites:waive-ownership',
  'orders:read',
  'orders:propose',
  'orders:confirm',
  'orders:lift',
  'edges:read',
  'edges:write',
  'alarms:read',
  'alarms:acknowledge',
  'people:read',
  'people:write',
  'audit:read',
  'keys:rotate',
  'status:read',
  /** Cases, evidence, reports and clusters, redacted; no identities, and no counts before the grade is locked. */
  'desk:read',
  /** Claim, add evidence, note, answer reporters, verify incidents, tasks. */
  'desk:work',
  'desk:assess',
  /** Settle two grades that differ, change a lane, merge cases, renew holds. */
  'desk:lead',
  /** Open a sealed identity, with a reason. */
  'desk:unseal',
  /** Open media, with a reason. */
  'desk:reveal',
  'desk:export',
  'decisions:propose',
  'decisions:confirm',
  'appeals:read',
  'appeals:decide',
  'pressure:write',
  'criteria:publish',
  'authority:write',
  'on-call:write',
  /** An owner's own notices: read, answer, appeal. */
  'notices:read',
  'notices:answer',
]);
export type Scope = z.infer<typeof Scope>;

export const Role = z.enum(['owner', 'analyst', 'lead', 'decider', 'appeals', 'operator', 'auditor']);
export type Role = z.infer<typeof Role>;

const reading = ['sites:read', 'orders:read', 'edges:read', 'alarms:read', 'status:read'] as const satisfies readonly Scope[];

const deskWork = [
  'desk:read',
  'desk:work',
  'desk:assess',
  'desk:reveal',
  'decisions:propose',
  'pressure:write',
] as const satisfies readonly Scope[];

export const roleScopes: Readonly<Record<Role, readonly Scope[]>> = {
  owner: ['sites:read', 'sites:write', 'orders:read', 'status:read', 'notices:read', 'notices:answer'],
  analyst: [...reading, ...deskWork, 'orders:propose'],
  lead: [
    ...reading,
    ...deskWork,
    'desk:lead',
    'desk:unseal',
    'desk:export',
    'decisions:confirm',
    'appeals:read',
    'criteria:publish',
    'authority:write',
    'on-call:write',
    'orders:propose',
    'orders:confirm',
    'orders:lift',
    'alarms:acknowledge',
    'people:read',
    'audit:read',
  ],
  decider: [
    ...reading,
    'desk:read',
    'desk:assess',
    'desk:reveal',
    'decisions:propose',
    'decisions:confirm',
    'appeals:read',
    'criteria:publish',
    'orders:propose',
    'orders:confirm',
    'orders:lift',
    'alarms:acknowledge',
    'audit:read',
  ],
  appeals: [...reading, 'desk:read', 'desk:reveal', 'appeals:read', 'appeals:decide', 'orders:lift', 'audit:read'],
  operator: [
    ...reading,
    'sites:write',
    'sites:waive-ownership',
    'orders:propose',
    'orders:confirm',
    'orders:lift',
    'edges:write',
    'alarms:acknowledge',
    'people:read',
    'people:write',
    'audit:read',
    'keys:rotate',
  ],
  auditor: [...reading, 'people:read', 'audit:read'],
};

/** The scopes that a set of roles holds together. */
export function scopesOf(roles: readonly Role[]): ReadonlySet<Scope> {
  return new Set(roles.flatMap((role) => roleScopes[role]));
}
