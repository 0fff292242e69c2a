/** Registers evidence over the API, captures, custody, holds, exports, and what people looked at. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { captureJobs } from './captures.ts';

export function registerEvidence(_app: App, deps: DeskDeps): Job[] {
  return [...captureJobs(deps)];
}
