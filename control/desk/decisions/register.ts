/** Registers decisions, criteria, appeals, strikes and reviews over the API, and what time does to them. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';

export function registerDecisions(_app: App, _deps: DeskDeps): Job[] {
  return [];
}
