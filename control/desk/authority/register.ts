/** Registers requests of authorities. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';

export function registerAuthority(_app: App, _deps: DeskDeps): Job[] {
  return [];
}
