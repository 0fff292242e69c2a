/** Registers the public door for reports: the API, the form, and private links. They share their limits. */
import type { App } from '../../http/register.ts';
import { registerReportPages } from '../../pages/report/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { intakeLimits } from './limits.ts';
import { registerIntakeRoutes } from './routes.ts';

export { openIntake } from './intake.ts';

export function registerIntake(app: App, deps: DeskDeps): Job[] {
  const limits = intakeLimits(deps.now);
  registerIntakeRoutes(app, deps, limits);
  registerReportPages(app, deps, limits);
  return [];
}
