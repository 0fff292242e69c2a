/** Registers the public door for reports: the API and the private status link. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps, Intake } from '../deps.ts';

export function registerIntake(_app: App, _deps: DeskDeps): Job[] {
  return [];
}

/** `close` writes what is still waiting. */
export function openIntake(_deps: Omit<DeskDeps, 'intake'>): Intake & { close(): Promise<void> } {
  return { accept: () => Promise.reject(new Error('not wired')), close: async () => undefined };
}
