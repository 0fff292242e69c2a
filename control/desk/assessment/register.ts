/** Registers incidents, grades and the escalation monitor over the API. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';

export function registerAssessment(_app: App, _deps: DeskDeps): Job[] {
  return [];
}
