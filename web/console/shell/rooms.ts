/** The rooms of the console: one table for the rail, for the keyboard, and for who sees what. */
import type { Scope } from '../../../contract/access.ts';

export const rooms = [
  { room: 'sites', to: '/sites', key: 's', needs: 'sites:read' },
  { room: 'orders', to: '/orders', key: 'o', needs: 'orders:read' },
  { room: 'edges', to: '/edges', key: 'e', needs: 'edges:read' },
  { room: 'alarms', to: '/alarms', key: 'a', needs: 'alarms:read' },
  { room: 'people', to: '/people', key: 'p', needs: 'people:read' },
  { room: 'audit', to: '/audit', key: 'u', needs: 'audit:read' },
  { room: 'account', to: '/account', key: 'm', needs: null },
] as const satisfies readonly { room: string; to: string; key: string; needs: Scope | null }[];

export type Room = (typeof rooms)[number];
