/** Registers what owners of sites are told, their answers, and the export of what is theirs. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';

export function registerOwner(_app: App, _deps: DeskDeps): Job[] {
  return [];
}
