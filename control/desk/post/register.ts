/** Registers mail in and out, pages to the people on call. */
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { registerOnCall } from './on-call.ts';
import { moreCasesJob, pagingJob } from './paging.ts';
import { sendingJobs } from './sender.ts';

export function registerPost(app: App, deps: DeskDeps): Job[] {
  registerOnCall(app, deps);
  return [...sendingJobs(deps), pagingJob(deps), moreCasesJob(deps)];
}
