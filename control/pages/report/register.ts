/**
 * The public pages for reporters: the form and the private link. Registered by the desk's intake, whose limits they share.
 *
 * Never behind a challenge: if the public address is itself shielded, its handbook page says how to leave these paths open.
 */
import type { DeskDeps } from '../../desk/deps.ts';
import type { IntakeLimits } from '../../desk/intake/limits.ts';
import type { App } from '../../http/register.ts';
import { pageAnswers } from '../answer.ts';
import { registerForm } from './form-routes.ts';
import { registerStatus } from './status-routes.ts';

export function registerReportPages(app: App, deps: DeskDeps, limits: IntakeLimits): void {
  const pages = pageAnswers(deps);
  registerForm(app, deps, limits, pages);
  registerStatus(app, deps, limits, pages);
}
