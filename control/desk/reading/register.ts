/** Registers reads reports that came in into evidence items, clusters and cases, each once, in the background. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';

export function registerReading(_app: App, _deps: DeskDeps): Job[] {
  return [];
}
