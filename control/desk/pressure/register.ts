/** Registers the pressure log and what may be seen of volume. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';

export function registerPressure(_app: App, _deps: DeskDeps): Job[] {
  return [];
}
