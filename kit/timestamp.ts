/**
 * RFC 3161 time-stamps: asks an authority over HTTP and believes nothing of its answer that was not checked.
 *
 * Checked: the status, that it is about our bytes (SHA-256) and our question (nonce), the signature, that the certificate is for time-stamping
 * only and valid at the stamped time. Who vouches for that certificate is checked when the caller trusts roots: then its chain must lead to one
 * of them, each certificate valid at that time. Revocation is not asked for. Fails closed: an answer that does not pass is none.
 * After: RFC 3161; OpenSSL's `ts -verify`, which accepts what passes here.
 */
import { createHash, randomBytes } from 'node:crypto';
import { fromBER, Integer, Null, OctetString } from 'asn1js';
import {
  AlgorithmIdentifier,
  Certificate,
  CertificateChainValidationEngine,
  CryptoEngine,
  ExtKeyUsage,
  MessageImprint,
  setEngine,
  SignedData,
  TimeStampReq,
  TimeStampResp,
  TSTInfo,
} from 'pkijs';

const sha256Oid = '2.16.840.1.101.3.4.2.1';
const signedDataOid = '1.2.840.113549.1.7.2';
const timeStampingUse = '1.3.6.1.5.5.7.3.8';
const extendedKeyUsageOid = '2.5.29.37';
/** A token with its certificates has some kilobytes. */
const mostBytes = 256 * 1024;

export type TimestampQuestion = { readonly der: Buffer; readonly nonce: Buffer };

export type Timestamp = {
  /** The whole answer, DER: what `openssl ts -verify -in` reads. */
  readonly reply: Buffer;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** PEM of every certificate that the token carries, the signer's first. */
  readonly certificates: readonly string[];
  /** SHA-256 of the signer's certificate, hex. */
  readonly signer: string;
};

/** The question for some bytes; only their hash leaves the house. */
function timestampQuestion(bytes: Uint8Array): TimestampQuestion {
  const nonce = randomBytes(8);
  // Positive and without leading zeros, as DER wants it.
  nonce[0] = ((nonce[0] ?? 0) & 0x3f) | 0x40;
  const request = new TimeStampReq({
    version: 1,
    messageImprint: imprintOf(bytes),
    nonce: new Integer({ valueHex: new Uint8Array(nonce).buffer }),
    certReq: true,
  });
  return { der: Buffer.from(request.toSchema().toBER()), nonce };
}

function imprintOf(bytes: Uint8Array): MessageImprint {
  const hash = createHash('sha256').update(bytes).digest();
  return new MessageImprint({
    hashAlgorithm: new AlgorithmIdentifier({ algorithmId: sha256Oid, algorithmParams: new Null() }),
    hashedMessage: new OctetString({ valueHex: new Uint8Array(hash).buffer }),
  });
}

/** The checked answer of an authority. Throws an Error that says what is wrong with it. `nonce`: null when the question is not known any more. */
export async function readTimestamp(reply: Uint8Array, bytes: Uint8Array, nonce: Uint8Array | null): Promise<Timestamp> {
  setEngine('portcullis', new CryptoEngine({ name: 'portcullis', crypto: globalThis.crypto }));
  const { info, signed } = parts(reply);
  const wanted = createHash('sha256').update(bytes).digest();
  if (info.messageImprint.hashAlgorithm.algorithmId !== sha256Oid) throw new Error('it stamps with another hash than SHA-256');
  if (!wanted.equals(Buffer.from(info.messageImprint.hashedMessage.valueBlock.valueHexView))) {
    throw new Error('it is about other bytes');
  }
  if (nonce !== null && !Buffer.from(info.nonce?.valueBlock.valueHexView ?? []).equals(nonce)) {
    throw new Error('it answers another question');
  }
  const certificates = (signed.certificates ?? []).filter((one) => one instanceof Certificate);
  const result = await signed
    .verify({ signer: 0, data: new Uint8Array(bytes).buffer, checkChain: false, extendedMode: true })
    .catch((cause: unknown) => {
      throw new Error('its signature does not hold', { cause });
    });
  const signer = result.signerCertificate;
  if (result.signatureVerified !== true || !signer) throw new Error('its signature does not hold');
  // Its types say `any`; what it is, is asked in the next line.
  const use: unknown = signer.extensions?.find((extension) => extension.extnID === extendedKeyUsageOid)?.parsedValue;
  if (!(use instanceof ExtKeyUsage) || use.keyPurposes.length !== 1 || use.keyPurposes[0] !== timeStampingUse) {
    throw new Error('its certificate is not for time-stamping alone');
  }
  const at = info.genTime.getTime();
  if (at < signer.notBefore.value.getTime() || at > signer.notAfter.value.getTime()) {
    throw new Error('its certificate was not valid at that time');
  }
  const der = (certificate: Certificate) => Buffer.from(certificate.toSchema(true).toBER());
  const signerDer = der(signer);
  const others = certificates.map(der).filter((one) => !one.equals(signerDer));
  return {
    reply: Buffer.from(reply),
    atMs: at,
    certificates: [signerDer, ...others].map(pemOf),
    signer: createHash('sha256').update(signerDer).digest('hex'),
  };
}

const pemBlock = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

/** Certificates of a PEM file, in its order. Throws an Error with a sentence when it holds none or what is no certificate. */
export function certificatesIn(pem: string): Certificate[] {
  const blocks = [...pem.matchAll(pemBlock)].map(([, base64 = '']) => Buffer.from(base64, 'base64'));
  if (blocks.length === 0) throw new Error('It holds no certificate in PEM form (BEGIN CERTIFICATE).');
  return blocks.map((der, index) => {
    try {
      return Certificate.fromBER(new Uint8Array(der).buffer);
    } catch (cause) {
      throw new Error(`Its certificate number ${index + 1} cannot be read.`, { cause });
    }
  });
}

/** Whether a token's chain leads to one of these roots at the time that it states. Throws an Error that says that it does not. */
async function checkChain({ certificates, atMs }: Timestamp, roots: string): Promise<void> {
  const [signer, ...others] = certificates.flatMap(certificatesIn);
  if (signer === undefined) throw new Error('it holds no certificate');
  const engine = new CertificateChainValidationEngine({
    trustedCerts: certificatesIn(roots),
    // The one that is asked about comes last.
    certs: [...others, signer],
    checkDate: new Date(atMs),
  });
  const verdict = await engine.verify().catch(() => ({ result: false }));
  if (!verdict.result) throw new Error('its certificate leads to no root that you configured');
}

function parts(reply: Uint8Array): { info: TSTInfo; signed: SignedData } {
  if (reply.byteLength > mostBytes) throw new Error('it is too large');
  try {
    const parsed = fromBER(new Uint8Array(reply).buffer);
    if (parsed.offset === -1) throw new Error('no ASN.1');
    const response = new TimeStampResp({ schema: parsed.result });
    if (response.status.status !== 0 && response.status.status !== 1) throw new Error('it refuses');
    if (response.timeStampToken?.contentType !== signedDataOid) throw new Error('it holds no token');
    const signed = new SignedData({ schema: response.timeStampToken.content });
    const content = signed.encapContentInfo.eContent;
    if (content === undefined || signed.signerInfos.length !== 1) throw new Error('it holds no token of one signer');
    return { info: TSTInfo.fromBER(content.getValue()), signed };
  } catch (cause) {
    const why = cause instanceof Error && cause.message.startsWith('it ') ? cause.message : 'it is no time-stamp answer';
    throw new Error(why, { cause });
  }
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/**
 * Asks authorities in order until one answers well. `failures` says of each other one what was wrong, by its hostname.
 * `timeoutMs` is for each of them. `roots`: PEM of the roots that may vouch for an authority; null: nobody asks who does.
 */
export async function askTimestamp(
  urls: readonly string[],
  bytes: Uint8Array,
  timeoutMs: number,
  roots: string | null = null,
): Promise<{ stamp: (Timestamp & { readonly question: Buffer; readonly authority: string }) | null; failures: string[] }> {
  const failures: string[] = [];
  for (const url of urls) {
    const authority = new URL(url).host;
    const question = timestampQuestion(bytes);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
        body: new Uint8Array(question.der),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.status !== 200) throw new Error(`it answered ${response.status}`);
      const stamp = await readTimestamp(await readAtMost(response), bytes, question.nonce);
      if (roots !== null) await checkChain(stamp, roots);
      return { stamp: { ...stamp, question: question.der, authority }, failures };
    } catch (error) {
      failures.push(`${authority}: ${error instanceof Error ? error.message : 'it did not answer'}`);
    }
  }
  return { stamp: null, failures };
}

async function readAtMost(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body === null) return Buffer.alloc(0);
  const body: AsyncIterable<Uint8Array> = response.body;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > mostBytes) throw new Error('it is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
