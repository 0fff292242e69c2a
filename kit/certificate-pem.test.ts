import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../tests/harness/tls.ts';
import type { MadeCertificate } from '../tests/harness/tls.ts';
import { removeFolder, temporaryFolder } from '../tests/harness/ports.ts';
import { readCertificate, renewalName } from './certificate-pem.ts';

const folder = temporaryFolder('pem');
let root: string;
let leaf: MadeCertificate;
let old = '';
const now = Date.now();
const good = makeCertificate(['forum.example', '*.forum.example']);

/** A root, and a leaf that it issued. */
beforeAll(() => {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...curve, '-days', '9', '-subj', '/CN=Example Root', '-keyout', 'root.key', '-out', 'root.crt');
  openssl('req', ...curve, '-subj', '/CN=forum.example', '-keyout', 'leaf.key', '-out', 'leaf.csr');
  writeFileSync(`${folder}/ext`, 'subjectAltName=DNS:forum.example\nauthorityKeyIdentifier=keyid\n');
  const by = ['-CA', 'root.crt', '-CAkey', 'root.key', '-set_serial', '0x8765432112345678', '-extfile', 'ext'];
  openssl('x509', '-req', '-in', 'leaf.csr', '-days', '9', ...by, '-out', 'leaf.crt');
  openssl('x509', '-req', '-sha1', '-in', 'leaf.csr', '-days', '9', ...by, '-out', 'old.crt');
  old = readFileSync(`${folder}/old.crt`, 'utf8');
  root = readFileSync(`${folder}/root.crt`, 'utf8');
  leaf = { chain: readFileSync(`${folder}/leaf.crt`, 'utf8'), key: readFileSync(`${folder}/leaf.key`, 'utf8') };
});
afterAll(() => removeFolder(folder));

const mistakes = (chain: string, key: string, atMs = now) => {
  const read = readCertificate(chain, key, atMs);
  return read.kind === 'mistakes' ? read.mistakes.map(({ part, message }) => `${part}: ${message}`).join('\n') : 'none';
};

describe('a certificate and its key', () => {
  it('are read, whatever stands around the blocks, and the root is left to those who have it', () => {
    const read = readCertificate(`Bag Attributes\n${leaf.chain}\r\nsubject=x\n${root}`, `# mine\n${leaf.key}`, now);
    expect(read).toMatchObject({ kind: 'certificate', names: ['forum.example'], issuer: 'Example Root' });
    expect(read.kind === 'certificate' && read.chain.match(/BEGIN/g)).toHaveLength(1);
    expect(read.kind === 'certificate' && read.key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  });

  it.each([
    ['nothing at all', () => mistakes('', ''), /chain: No certificate was found.*\nkey: No private key was found/s],
    ['a key of another', () => mistakes(good.chain, leaf.key), /key: The private key does not belong/],
    ['the key of its issuer', () => mistakes(leaf.chain + good.chain, good.key), /belongs to certificate 2 of the chain/],
    [
      'an issuer that did not issue it',
      () => mistakes(leaf.chain + good.chain, leaf.key),
      /not in order: certificate 2 did not issue/,
    ],
    ['an authority’s own', () => mistakes(root + leaf.chain, leaf.key), /Put the site’s own first/],
    ['one that is signed by an old digest', () => mistakes(old, leaf.key), /Certificate 1 is signed by way of ecdsa-with-SHA1/],
    ['one that has expired', () => mistakes(leaf.chain, leaf.key, now + 30 * 86_400_000), /has expired on/],
    ['one that is not valid yet', () => mistakes(leaf.chain, leaf.key, now - 86_400_000), /not valid before/],
    ['a damaged one', () => mistakes(leaf.chain.replace('MII', 'MIX'), leaf.key), /Certificate 1 cannot be read/],
    [
      'a key with a password',
      () => mistakes(leaf.chain, leaf.key.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE')),
      /protected by a password/,
    ],
    ['a key in the wrong field', () => mistakes(leaf.chain + leaf.key, leaf.key), /private key among the certificates/],
  ])('%s is refused by name', (_what, told, sentence) => expect(told()).toMatch(sentence));

  it('a short RSA key and a certificate without names are refused', () => {
    const short = makeCertificate(['forum.example'], ['-newkey', 'rsa:1024']);
    expect(mistakes(short.chain, short.key)).toMatch(/key is too short/);
  });

  it('no text makes the reader throw, and none is told back', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(leaf.chain, leaf.key, root, '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'),
    );
    const text = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join('\n'));
    fc.assert(
      fc.property(text, text, (chain, key) => !mistakes(chain, key).includes('BEGIN EC')),
      { numRuns: 60 },
    );
  });
});

it('is named to its authority as RFC 9773 says: key identifier and serial number with its sign', () => {
  const [issuerKey = '', serial = ''] = (renewalName(leaf.chain) ?? '').split('.');
  expect(Buffer.from(issuerKey, 'base64url')).toHaveLength(20);
  expect(Buffer.from(serial, 'base64url').toString('hex')).toBe('008765432112345678');
});
