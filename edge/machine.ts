/**
 * What an edge needs on its machine before HAProxy starts: the program, a certificate to begin with, roots to trust, its plan.
 *
 * With no certificate in the folder a self-signed one is made with the openssl command, so that https answers at all; browsers warn
 * until a real one is there. This machine's own certificates are `*.pem` files (key and chain) in that folder; those of sites come with the
 * policy (certificates/keeper.ts).
 */
import { execFile } from 'node:child_process';
import { access, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { promisify } from 'node:util';
import { writeDurable } from '../kit/durable.ts';
import type { EdgeConfig } from './config.ts';
import { machineFiles } from './certificates/keeper.ts';
import { certificateList } from './render/index.ts';
import type { EdgePlan } from './render/types.ts';

const run = promisify(execFile);

/** Something on this machine is missing; the message is a sentence that says what to do. */
export class MachineNotReady extends Error {
  override readonly name = 'MachineNotReady';
}

const systemTrust = '/etc/ssl/certs/ca-certificates.crt';

/** First words of `haproxy -v`, such as `2.6.12-1+deb12u4`. */
export async function haproxyVersion(binary: string): Promise<string> {
  try {
    const { stdout } = await run(binary, ['-v'], { timeout: 10_000 });
    return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
  } catch (error) {
    throw new MachineNotReady(
      `HAProxy could not be run as “${binary}” (${error instanceof Error ? error.message.split('\n')[0] : 'unknown'}). Install it (Debian: apt-get install haproxy) or name it with --haproxy.`,
    );
  }
}

/** Prepares folders, certificates and trust, and returns how a plan is made for a pages folder. */
export async function preparePlan(config: EdgeConfig): Promise<(pagesFolder: string) => EdgePlan> {
  const haproxy = join(config.folder, 'haproxy');
  const certificates = join(config.folder, 'certificates');
  await mkdir(haproxy, { recursive: true, mode: 0o700 });
  await mkdir(certificates, { recursive: true, mode: 0o700 });
  if (config.listeners.some(({ scheme }) => scheme === 'https')) await prepareCertificates(certificates);
  const originTrust = config.originTrust ?? ((await exists(systemTrust)) ? systemTrust : join(haproxy, 'origin-trust.pem'));
  if (config.originTrust !== null && !(await exists(config.originTrust))) {
    throw new MachineNotReady(`${config.originTrust} does not exist: give a PEM bundle with --origin-trust, or leave it out.`);
  }
  // Debian without ca-certificates: the roots that Node brings along.
  if (originTrust.startsWith(haproxy)) await writeDurable(originTrust, `${rootCertificates.join('\n')}\n`, 0o644);
  const maxConnections = Math.min(config.maxConnections, await connectionsThatFit());
  return (pagesFolder) => ({
    paths: {
      maps: join(haproxy, 'maps'),
      pages: pagesFolder,
      certificates,
      adminSocket: join(haproxy, 'admin.sock'),
      pidFile: join(haproxy, 'haproxy.pid'),
      originTrust,
    },
    listeners: config.listeners,
    probeSource: '127.84.0.1',
    threads: config.threads,
    maxConnections,
    connectionsPer10s: 400,
    connectionsPerClient: 400,
  });
}

/** A connection takes two file descriptors, its origin's included; HAProxy refuses to start when the limit is lower than it may need. */
async function connectionsThatFit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1];
  return hard === undefined ? Number.MAX_SAFE_INTEGER : Math.max(50, Math.floor((Number(hard) - 300) / 2));
}

async function prepareCertificates(folder: string): Promise<void> {
  if ((await machineFiles(folder)).length === 0) await makeDefaultCertificate(folder);
  const list = certificateList({ certificates: folder });
  // Written again with the sites' certificates before HAProxy starts; one that runs already must not lose them if it is reloaded meanwhile.
  if (await exists(list)) return;
  await writeDurable(list, (await machineFiles(folder)).map((file) => `${file}\n`).join(''));
}

async function makeDefaultCertificate(folder: string): Promise<void> {
  const key = join(folder, 'default.key.part');
  const certificate = join(folder, 'default.crt.part');
  try {
    await run(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '825',
        '-subj',
        '/CN=portcullis.invalid',
        '-keyout',
        key,
        '-out',
        certificate,
      ],
      { timeout: 30_000 },
    );
    await writeDurable(join(folder, 'default.pem'), (await readFile(certificate, 'utf8')) + (await readFile(key, 'utf8')));
  } catch (error) {
    throw new MachineNotReady(
      `No certificate is in ${folder} and openssl could not make one (${error instanceof Error ? error.message.split('\n')[0] : 'unknown'}). Install openssl, put a PEM file there, or start with --https off.`,
    );
  } finally {
    await rm(key, { force: true });
    await rm(certificate, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
