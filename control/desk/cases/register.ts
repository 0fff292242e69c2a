/** Registers the queue, cases, tasks, targets and messages to reporters over the API. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';

export function registerCases(_app: App, _deps: DeskDeps): Job[] {
  return [];
}
