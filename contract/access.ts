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
]);
export type Scope = z.infer<typeof Scope>;

export const Role = z.enum(['owner', 'analyst', 'lead', 'decider', 'appeals', 'operator', 'auditor']);
export type Role = z.infer<typeof Role>;

const reading = ['sites:read', 'orders:read', 'edges:read', 'alarms:read', 'status:read'] as const satisfies readonly Scope[];

export const roleScopes: Readonly<Record<Role, readonly Scope[]>> = {
  owner: ['sites:read', 'sites:write', 'orders:read', 'status:read'],
  analyst: [...reading, 'orders:propose'],
  lead: [...reading, 'orders:propose', 'orders:confirm', 'orders:lift', 'alarms:acknowledge', 'people:read', 'audit:read'],
  decider: [...reading, 'orders:propose', 'orders:confirm', 'orders:lift', 'alarms:acknowledge', 'audit:read'],
  appeals: [...reading, 'orders:lift', 'audit:read'],
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
