/** Registers the public door for reports: the API and the private status link. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';

export { openIntake } from './intake.ts';

export function registerIntake(_app: App, _deps: DeskDeps): Job[] {
  return [];
}
