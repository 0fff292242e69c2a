/**
 * Debian's pebble: a certificate authority for tests that makes life hard. It rejects good nonces, is slow to validate, and forgets everything at
 * its end. Names are resolved by the test's own name server; challenges go to the edge's http port.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { freePorts, isListening, removeFolder, temporaryFolder, until } from './ports.ts';

export type Pebble = {
  readonly directory: string;
  /** File of the authority that vouches for pebble's own https: for NODE_EXTRA_CA_CERTS. */
  readonly trust: string;
  /** The root that its certificates lead to, in PEM. */
  readonly root: string;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

export async function startPebble(options: {
  readonly httpPort: number;
  readonly dns: string;
  /** Takes these customers only: MAC keys (base64url) by their names. */
  readonly customers?: Readonly<Record<string, string>>;
  /** Of a hundred good nonces, how many are rejected. */
  readonly rejectNonces?: number;
  /** Seconds that a validation may take. */
  readonly slowSeconds?: number;
}): Promise<Pebble> {
  const folder = temporaryFolder('pebble');
  const [port = 0, management = 0, tlsPort = 0] = await freePorts(3);
  const trust = `${folder}/pebble.crt`;
  const subject = ['-subj', '/CN=pebble.example', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', `${folder}/pebble.key`, '-out', trust], {
    stdio: 'ignore',
  });
  const config = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: trust,
    privateKey: `${folder}/pebble.key`,
    httpPort: options.httpPort,
    tlsPort,
    ocspResponderURL: '',
    externalAccountBindingRequired: options.customers !== undefined,
    ...(options.customers === undefined ? {} : { externalAccountMACKeys: options.customers }),
  };
  writeFileSync(`${folder}/pebble.json`, JSON.stringify({ pebble: config }));
  const { slowSeconds } = options;
  const child = spawn('pebble', ['-strict', '-config', `${folder}/pebble.json`, '-dnsserver', options.dns], {
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      PEBBLE_WFE_NONCEREJECT: String(options.rejectNonces ?? 0),
      PEBBLE_AUTHZREUSE: '0',
      ...(slowSeconds === undefined ? { PEBBLE_VA_NOSLEEP: '1' } : { PEBBLE_VA_SLEEPTIME: String(slowSeconds) }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await ended;
    removeFolder(folder);
  };
  try {
    await until('pebble listens', async () => {
      if (child.exitCode !== null) throw new Error(`pebble ended: ${log}`);
      return (await isListening(port)) && isListening(management);
    });
    const ca = readFileSync(trust, 'utf8');
    const root = await new Promise<string>((resolve, reject) => {
      const request = https.get(`https://127.0.0.1:${management}/roots/0`, { ca, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.once('end', () => resolve(text));
      });
      request.once('error', reject);
    });
    return { directory: `https://127.0.0.1:${port}/dir`, trust, root, log: () => log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
