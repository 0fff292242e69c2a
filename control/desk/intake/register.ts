/** Registers the public door for reports: the API and the private status link. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { intakeLimits } from './limits.ts';
import { registerIntakeRoutes } from './routes.ts';

export { openIntake } from './intake.ts';

export function registerIntake(app: App, deps: DeskDeps): Job[] {
  registerIntakeRoutes(app, deps, intakeLimits(deps.now));
  return [];
}
