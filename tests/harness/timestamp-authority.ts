/**
 * A time-stamp authority on loopback, made with openssl: a root, a signer for time-stamping only, and RFC 3161 over HTTP.
 *
 * Its ways to be wrong are what a test asks for: another's bytes, another nonce, a signature that was changed, a refusal, silence.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { removeFolder, temporaryFolder } from './ports.ts';

export type AuthorityMood = 'honest' | 'other-bytes' | 'replayed' | 'tampered' | 'refuses' | 'no-token';

export type TestAuthority = {
  readonly url: string;
  /** PEM of the root that vouches for it: what somebody who verifies later trusts. */
  readonly rootFile: string;
  readonly mood: (mood: AuthorityMood) => void;
  readonly asked: () => number;
  readonly stop: () => Promise<void>;
};

const config = `
[ tsa ]
default_tsa = the_tsa
[ the_tsa ]
serial = ./serial
crypto_device = builtin
signer_cert = ./signer.pem
certs = ./root.pem
signer_key = ./signer.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ root_extensions ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[ signer_extensions ]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ req ]
distinguished_name = name
[ name ]
`;

export async function startTimestampAuthority(): Promise<TestAuthority> {
  const folder = temporaryFolder('authority');
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  writeFileSync(path.join(folder, 'tsa.cnf'), config);
  writeFileSync(path.join(folder, 'serial'), '01\n');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-config', 'tsa.cnf'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'root.key',
    '-out',
    'root.pem',
    '-days',
    '30',
    '-subj',
    '/CN=Test root',
    '-extensions',
    'root_extensions',
  );
  openssl('req', ...key, '-keyout', 'signer.key', '-out', 'signer.csr', '-subj', '/CN=Test time-stamp signer');
  openssl(
    'x509',
    '-req',
    '-in',
    'signer.csr',
    '-CA',
    'root.pem',
    '-CAkey',
    'root.key',
    '-CAcreateserial',
    '-days',
    '20',
    '-extfile',
    'tsa.cnf',
    '-extensions',
    'signer_extensions',
    '-out',
    'signer.pem',
  );

  let mood: AuthorityMood = 'honest';
  let asked = 0;
  let first: Buffer | null = null;
  const reply = (query: Buffer): Buffer => {
    writeFileSync(path.join(folder, 'query.tsq'), query);
    openssl('ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'query.tsq', '-out', 'reply.tsr');
    return readFileSync(path.join(folder, 'reply.tsr'));
  };
  const answer = (query: Buffer): Buffer => {
    if (mood === 'no-token') return Buffer.from('these are not the bytes that you look for');
    if (mood === 'other-bytes') {
      writeFileSync(path.join(folder, 'other'), randomBytes(20));
      openssl('ts', '-query', '-config', 'tsa.cnf', '-data', 'other', '-sha256', '-cert', '-out', 'other.tsq');
      return reply(readFileSync(path.join(folder, 'other.tsq')));
    }
    if (mood === 'replayed' && first !== null) return first;
    const bytes = reply(query);
    first ??= bytes;
    if (mood !== 'tampered') return bytes;
    const changed = Buffer.from(bytes);
    // The last bytes are the signature's.
    changed[changed.byteLength - 3] = (changed[changed.byteLength - 3] ?? 0) ^ 1;
    return changed;
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      asked += 1;
      if (mood === 'refuses') {
        response.writeHead(503).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(answer(Buffer.concat(chunks)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    rootFile: path.join(folder, 'root.pem'),
    mood: (wanted) => void (mood = wanted),
    asked: () => asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      removeFolder(folder);
    },
  };
}
