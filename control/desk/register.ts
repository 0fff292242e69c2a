/**
 * Wires the desk by hand: seal, outbox, intake, then every part's routes and jobs, and the mail listener last.
 *
 * Not here: what any part does. A part that cannot start says why in a sentence and the control plane does not start half.
 */
import { readFile } from 'node:fs/promises';
import type { ControlDeps } from '../deps.ts';
import { certificatesIn } from '../../kit/timestamp.ts';
import type { App } from '../http/register.ts';
import type { Job } from '../jobs/runner.ts';
import { registerAssessment } from './assessment/register.ts';
import { registerAuthority } from './authority/register.ts';
import { registerCases } from './cases/register.ts';
import { settleFirstCriteria } from './decisions/first-criteria.ts';
import { registerDecisions } from './decisions/register.ts';
import type { DeskConfig, DeskDeps } from './deps.ts';
import { browserRisk } from './evidence/screenshot.ts';
import { registerEvidence } from './evidence/register.ts';
import { openIntake, registerIntake } from './intake/register.ts';
import { registerOwner } from './owner/register.ts';
import { listenForMail } from './post/listener.ts';
import { openOutbox } from './post/outbox.ts';
import { registerPost } from './post/register.ts';
import { registerPressure } from './pressure/register.ts';
import { registerReading } from './reading/register.ts';
import { openSeal } from './seal.ts';

export type Desk = {
  readonly deps: DeskDeps;
  readonly jobs: readonly Job[];
  /** Where mail is taken in; null when nowhere. */
  readonly mailPort: number | null;
  close(): Promise<void>;
};

export type DeskStart = {
  readonly config: DeskConfig;
  readonly state: string;
  readonly sealKey: string | null;
  readonly dnsServers: readonly string[];
};

export async function openDesk(app: App, control: ControlDeps, { config, state, sealKey, dnsServers }: DeskStart): Promise<Desk> {
  await settleFirstCriteria(control);
  await checkRoots(config.timestampRootFile);
  const risk = await browserRisk(config.chromium);
  if (risk !== null) control.log.warn(risk);
  const base = { ...control, desk: config, dnsServers, state, seal: await openSeal(control, state, sealKey) };
  const posting = { ...base, outbox: openOutbox(base) };
  const intake = openIntake(posting);
  const deps: DeskDeps = { ...posting, intake };
  const jobs = [
    registerIntake,
    registerReading,
    registerEvidence,
    registerAssessment,
    registerCases,
    registerDecisions,
    registerOwner,
    registerPressure,
    registerPost,
    registerAuthority,
  ].flatMap((register) => register(app, deps));
  const mail = await listenForMail(deps);
  return {
    deps,
    jobs,
    mailPort: mail?.port ?? null,
    async close() {
      await mail?.close();
      await intake.close();
    },
  };
}

/** A file of roots that cannot be used would leave every capture without a time: it is said at the start. Throws an Error with a sentence. */
async function checkRoots(file: string | null): Promise<void> {
  if (file === null) return;
  try {
    certificatesIn(await readFile(file, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error && !('code' in cause) ? cause.message : 'It cannot be read.';
    throw new Error(`The roots of time-stamp authorities in ${file} (--timestamp-roots) cannot be used. ${why}`, { cause });
  }
}
