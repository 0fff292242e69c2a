/** Registers evidence over the API, captures, custody, holds, exports, and what people looked at. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';

export function registerEvidence(_app: App, _deps: DeskDeps): Job[] {
  return [];
}
