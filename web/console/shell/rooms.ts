/**
 * The rooms of the console: one table for the rail, for the desk's own row of tabs, for the keyboard, and for who sees what.
 * Rooms of the desk are reached through the desk, so that the rail stays short; their keys work everywhere.
 */
import type { Scope } from '../../../contract/access.ts';

export const rooms = [
  { room: 'sites', to: '/sites', key: 's', needs: 'sites:read', place: 'rail' },
  { room: 'orders', to: '/orders', key: 'o', needs: 'orders:read', place: 'rail' },
  { room: 'desk', to: '/desk', key: 'd', needs: 'desk:read', place: 'rail' },
  { room: 'appeals', to: '/desk/appeals', key: 'l', needs: 'appeals:read', place: 'desk' },
  { room: 'criteria', to: '/desk/criteria', key: 'c', needs: 'desk:read', place: 'desk' },
  { room: 'authority', to: '/desk/authority', key: 'y', needs: 'desk:read', place: 'desk' },
  { room: 'on-call', to: '/desk/on-call', key: 'w', needs: 'desk:read', place: 'desk' },
  { room: 'wellness', to: '/desk/wellness', key: 'h', needs: 'desk:read', place: 'desk' },
  { room: 'notices', to: '/notices', key: 'n', needs: 'notices:read', place: 'rail' },
  { room: 'captcha', to: '/captcha', key: 't', needs: 'sites:read', place: 'rail' },
  { room: 'edges', to: '/edges', key: 'e', needs: 'edges:read', place: 'rail' },
  { room: 'alarms', to: '/alarms', key: 'a', needs: 'alarms:read', place: 'rail' },
  { room: 'people', to: '/people', key: 'p', needs: 'people:read', place: 'rail' },
  { room: 'audit', to: '/audit', key: 'u', needs: 'audit:read', place: 'rail' },
  { room: 'account', to: '/account', key: 'm', needs: null, place: 'foot' },
] as const satisfies readonly {
  room: string;
  to: string;
  key: string;
  needs: Scope | null;
  place: 'rail' | 'desk' | 'foot';
}[];

export type Room = (typeof rooms)[number];
