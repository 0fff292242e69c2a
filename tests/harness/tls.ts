/** What a server shows by TLS for a name, and certificates that openssl makes for tests. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { removeFolder, temporaryFolder } from './ports.ts';

export type Shown = {
  readonly names: string;
  /** SHA-256, lower-case hex. */
  readonly fingerprint: string;
  /** Null: it leads to `ca`; else what is wrong with it. */
  readonly mistrust: string | null;
  readonly protocol: string | null;
  readonly alpn: string | false | null;
};

/** The certificate that a server shows for a name. */
export function shownFor(port: number, servername: string, ca?: string): Promise<Shown> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername, rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] };
    const socket = tls.connect({ ...options, ...(ca === undefined ? {} : { ca }) }, () => {
      const { subjectaltname = '', fingerprint256 } = socket.getPeerCertificate();
      const mistrust = socket.authorized ? null : String(socket.authorizationError);
      resolve({
        names: subjectaltname,
        fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
        mistrust,
        protocol: socket.getProtocol(),
        alpn: socket.alpnProtocol,
      });
      socket.destroy();
    });
    socket.setTimeout(5000, () => socket.destroy(new Error('no handshake in 5 s')));
    socket.once('error', reject);
  });
}

export type MadeCertificate = { readonly chain: string; readonly key: string };

/** A self-signed certificate for names, by openssl; `more`: further arguments. */
export function makeCertificate(names: readonly string[], more: readonly string[] = []): MadeCertificate {
  const folder = temporaryFolder('certificate');
  try {
    const algorithm = more.includes('-newkey') ? [] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    const days = more.includes('-days') ? [] : ['-days', '90'];
    const alternatives = ['-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`];
    const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE'];
    const base = [
      'req',
      '-x509',
      '-nodes',
      '-subj',
      `/CN=${names[0] ?? ''}`,
      ...alternatives,
      ...leaf,
      ...algorithm,
      ...days,
      ...more,
    ];
    execFileSync('openssl', [...base, '-keyout', `${folder}/key`, '-out', `${folder}/crt`], { stdio: 'ignore' });
    return { chain: readFileSync(`${folder}/crt`, 'utf8'), key: readFileSync(`${folder}/key`, 'utf8') };
  } finally {
    removeFolder(folder);
  }
}
