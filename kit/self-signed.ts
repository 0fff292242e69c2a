/**
 * A certificate that vouches for nobody: for servers whose clients encrypt without asking who they talk to, as mail servers do among themselves.
 *
 * Made anew at each call with a key of its own. Not for anything that a browser or a checking client reaches. After: RFC 7435 (opportunistic
 * security), RFC 5280.
 */
import { Integer, Utf8String } from 'asn1js';
import { AttributeTypeAndValue, Certificate, CryptoEngine } from 'pkijs';

const dayMs = 86_400_000;
const commonName = '2.5.4.3';

/** PEM of a P-256 key and its certificate for `name`, valid for ten years from `nowMs`. */
export async function makeSelfSigned(name: string, nowMs: number): Promise<{ key: string; cert: string }> {
  const engine = new CryptoEngine({ name: 'node', crypto: globalThis.crypto });
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys = await globalThis.crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = new Certificate();
  certificate.version = 2;
  certificate.serialNumber = new Integer({ value: Math.max(1, Math.trunc(nowMs / 1000) % 2_000_000_000) });
  for (const side of [certificate.issuer, certificate.subject]) {
    side.typesAndValues.push(new AttributeTypeAndValue({ type: commonName, value: new Utf8String({ value: name }) }));
  }
  certificate.notBefore.value = new Date(nowMs - dayMs);
  certificate.notAfter.value = new Date(nowMs + 3650 * dayMs);
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey, engine);
  await certificate.sign(keys.privateKey, 'SHA-256', engine);
  const pkcs8 = Buffer.from(await globalThis.crypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { key: pem('PRIVATE KEY', pkcs8), cert: pem('CERTIFICATE', Buffer.from(certificate.toSchema(true).toBER(false))) };
}

function pem(label: string, bytes: Buffer): string {
  return `-----BEGIN ${label}-----\n${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`;
}
