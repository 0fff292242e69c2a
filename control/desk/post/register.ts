/** Registers mail in and out, pages to the people on call. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';

export function registerPost(_app: App, _deps: DeskDeps): Job[] {
  return [];
}
