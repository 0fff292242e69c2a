/**
 * What an edge needs on its machine before HAProxy starts: the program, a certificate to begin with, roots to trust, its plan.
 *
 * With no certificate in the folder a self-signed one is made with the openssl command, so that https answers at all; browsers warn
 * until a real one is there. This machine's own certificates are `*.pem` files (key and chain) in that folder; those of sites come with the
 * policy (certificates/keeper.ts).
 */
import { execFile } from 'node:child_process';
import { access, mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { rootCertificates } from 'node:tls';
import { promisify } from 'node:util';
import { writeDurable } from '../kit/durable.ts';
import type { EdgeConfig } from './config.ts';
import { machineFiles } from './certificates/keeper.ts';
import { certificateList } from './render/index.ts';
import type { EdgePlan, KeeperPlan } from './render/types.ts';

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
  const inner = keeperPlan(config)?.tls ?? null;
  if (inner !== null && !(await exists(inner.certificate))) await makeCertificate(haproxy, inner.certificate);
  const originTrust = await prepareOriginTrust(config, join(haproxy, 'origin-trust.pem'));
  const { originCertificate } = config;
  if (originCertificate !== null && !(await exists(originCertificate)))
    throw new MachineNotReady(`${originCertificate} does not exist: give a PEM file with --origin-certificate, or leave it out.`);
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
    originCertificate: originCertificate === null ? null : resolve(originCertificate),
    captchaSocket: config.captcha === null ? null : captchaSocket(config),
    keeper: keeperPlan(config),
    botSocket: config.botFolder === null ? null : botSocket(config),
    wholeAddresses: config.wholeAddresses,
    listeners: config.listeners,
    probeSource: '127.84.0.1',
    threads: config.threads,
    maxConnections,
    connectionsPer10s: 400,
    connectionsPerClient: 400,
    neighbours: config.neighbours ?? undefined,
  });
}

/** Where the captcha service listens. */
export function captchaSocket({ folder }: Pick<EdgeConfig, 'folder'>): string {
  return join(folder, 'haproxy', 'captcha.sock');
}

/** The keeper's socket, and those of HAProxy through which it sends on; null when nothing is kept. */
export function keeperPlan({
  folder,
  keepsForms,
  listeners,
}: Pick<EdgeConfig, 'folder' | 'keepsForms' | 'listeners'>): KeeperPlan | null {
  if (!keepsForms) return null;
  const at = (name: string) => join(folder, 'haproxy', name);
  const tls = listeners.some(({ scheme }) => scheme === 'https');
  return {
    socket: at('keeper.sock'),
    inner: at('inner.sock'),
    tls: tls ? { socket: at('inner-tls.sock'), certificate: at('inner.pem') } : null,
  };
}

/** Where the verifier of signed bots listens. */
export function botSocket({ folder }: Pick<EdgeConfig, 'folder'>): string {
  return join(folder, 'haproxy', 'bots.sock');
}

/** The file of authorities that origins are verified against: the operator's, the system's or Node's, with the operator's further ones. */
async function prepareOriginTrust({ originTrust, originCa }: EdgeConfig, own: string): Promise<string> {
  for (const [file, flag] of [
    [originTrust, '--origin-trust'],
    [originCa, '--origin-ca'],
  ] as const) {
    if (file !== null && !(await exists(file)))
      throw new MachineNotReady(`${file} does not exist: give a PEM bundle with ${flag}, or leave it out.`);
  }
  const base = originTrust ?? ((await exists(systemTrust)) ? systemTrust : null);
  if (base !== null && originCa === null) return base;
  // Debian without ca-certificates: the roots that Node brings along.
  const roots = base === null ? `${rootCertificates.join('\n')}\n` : await readFile(base, 'utf8');
  await writeDurable(own, originCa === null ? roots : `${roots}\n${await readFile(originCa, 'utf8')}`, 0o644);
  return own;
}

/** A connection takes two file descriptors, its origin's included; HAProxy refuses to start when the limit is lower than it may need. */
async function connectionsThatFit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1];
  return hard === undefined ? Number.MAX_SAFE_INTEGER : Math.max(50, Math.floor((Number(hard) - 300) / 2));
}

async function prepareCertificates(folder: string): Promise<void> {
  if ((await machineFiles(folder)).length === 0) await makeCertificate(folder, join(folder, 'default.pem'));
  const list = certificateList({ certificates: folder });
  // Written again with the sites' certificates before HAProxy starts; one that runs already must not lose them if it is reloaded meanwhile.
  if (await exists(list)) return;
  await writeDurable(list, (await machineFiles(folder)).map((file) => `${file}\n`).join(''));
}

async function makeCertificate(folder: string, file: string): Promise<void> {
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
    await writeDurable(file, (await readFile(certificate, 'utf8')) + (await readFile(key, 'utf8')));
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
