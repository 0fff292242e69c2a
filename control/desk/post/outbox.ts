/** What leaves the house: kept in the caller's transaction, sent by a job. */
import type { DeskDeps, Outbox } from '../deps.ts';

export function openOutbox(_deps: Omit<DeskDeps, 'intake' | 'outbox'>): Outbox {
  return { send: () => Promise.reject(new Error('not wired')), wake: () => Promise.reject(new Error('not wired')) };
}
