/** Which sites get a server line with a client certificate of their own, with HAProxy's real opinion of each. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterAll, expect, it } from 'vitest';
import { OriginCertificatePolicy } from '../../contract/certificates.ts';
import { site } from '../../tests/harness/haproxy.ts';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { makeCertificate } from '../../tests/harness/tls.ts';
import { checkConfig } from '../haproxy/process.ts';
import { OriginCertificates } from './origins.ts';

const folder = temporaryFolder('origins');
afterAll(() => removeFolder(folder));

/** Signed with SHA-1 by an authority: Debian's OpenSSL does not load it, and a configuration that names it is not taken. */
function oldCertificate(): string {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...curve, '-subj', '/CN=Example Root', '-keyout', 'root.key', '-out', 'root.crt');
  openssl('req', ...curve, '-subj', '/CN=edges.example', '-keyout', 'old.key', '-out', 'old.csr');
  openssl(
    'x509',
    '-req',
    '-sha1',
    '-in',
    'old.csr',
    '-CA',
    'root.crt',
    '-CAkey',
    'root.key',
    '-CAcreateserial',
    '-out',
    'old.crt',
  );
  return readFileSync(`${folder}/old.crt`, 'utf8') + readFileSync(`${folder}/old.key`, 'utf8');
}

it('a key that does not open and a certificate that HAProxy does not load cost their own sites the line, and nobody else', async () => {
  const good = makeCertificate(['edges.example']);
  const pems = new Map([
    ['cert_000000000001', good.chain + good.key],
    ['cert_000000000002', oldCertificate()],
  ]);
  const origins = new OriginCertificates({
    folder,
    key: {
      open: ({ certificateId }) => {
        const pem = pems.get(certificateId);
        return pem === undefined ? { kind: 'closed', why: 'it was sealed for another group' } : { kind: 'pem', pem };
      },
    },
    check: (config) => checkConfig('haproxy', config),
    log: pino({ level: 'silent' }),
  });
  const https = { scheme: 'https', host: 'origin.example', port: 443, hostHeader: null, addresses: ['127.0.0.1'] };
  const sites = [1, 2, 3].map((number) =>
    site(number, [`n${number}.example`], 443, {
      origin: https,
      originCertificate: OriginCertificatePolicy.parse({
        certificateId: `cert_00000000000${number}`,
        chain: good.chain,
        sealedKey: Buffer.alloc(60).toString('base64'),
        fingerprint: String(number).repeat(64),
      }),
    }),
  );
  expect(origins.servers).toBeNull();
  for (const one of sites) origins.replace(one.siteId, one);
  expect(await origins.settle()).toBe(true);
  expect(origins.servers?.map(({ siteId }) => siteId)).toEqual([sites[0]?.siteId]);
  expect(await origins.settle()).toBe(false);

  // Over http nothing is shown; a file goes when no line names it any more.
  const file = origins.servers?.[0]?.certificate ?? '';
  writeFileSync(`${folder}/origins/stray.pem`, '');
  for (const one of sites) origins.replace(one.siteId, { ...one, origin: { ...one.origin, scheme: 'http' } });
  await origins.settle();
  expect([origins.servers, existsSync(file)]).toEqual([null, true]);
  await origins.sweep();
  expect([existsSync(file), existsSync(`${folder}/origins/stray.pem`)]).toEqual([false, false]);
});
