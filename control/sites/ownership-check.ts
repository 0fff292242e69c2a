/**
 * Looks for the proof that a hostname belongs to whoever added it: a TXT record, or a file on the hostname itself.
 *
 * The file is fetched from addresses that pass the same rules as an origin, pinned for the connection, over port 80, without following
 * redirects, at most 4 KiB in 5 s: whoever adds a hostname must not make the control plane ask something inside. Fails closed: no answer is no proof.
 */
import http from 'node:http';
import type { Hostname } from '../../contract/hostname.ts';
import { isProof, proofNames, proofUrl } from '../../core/shield/ownership.ts';
import type { ControlDeps } from '../deps.ts';
import { judgeOrigin } from './origin.ts';

export type ProofFinding = { readonly proved: boolean; readonly finding: string };

const longestFileBytes = 4096;
const timeoutMs = 5000;

type Needs = Pick<ControlDeps, 'store' | 'resolver' | 'allowOrigins' | 'now'>;

/** What is found for one hostname now, in a sentence. */
export async function checkOwnershipOf(deps: Needs, hostname: Hostname, token: string): Promise<ProofFinding> {
  const names = proofNames(hostname);
  for (const name of names) {
    const texts = await deps.resolver.texts(name).catch(() => []);
    if (texts.some((text) => isProof(text, token))) return { proved: true, finding: `The TXT record at ${name} proves it.` };
  }
  const url = proofUrl(hostname);
  if (url === null) return { proved: false, finding: `No TXT record at ${names.join(' or ')} holds the value.` };
  const file = await fetchFile(deps, url);
  if (file.text !== null && isProof(file.text, token)) return { proved: true, finding: `The file ${url} proves it.` };
  const seen = file.text === null ? file.why : `The file ${url} holds something else.`;
  return { proved: false, finding: `No TXT record at ${names.join(' or ')} holds the value. ${seen}` };
}

type FileAnswer = { readonly text: string; readonly why: null } | { readonly text: null; readonly why: string };

async function fetchFile(deps: Needs, url: string): Promise<FileAnswer> {
  const { hostname, pathname } = new URL(url);
  const verdict = await judgeOrigin(deps, hostname, false);
  if (verdict.kind !== 'allowed') return { text: null, why: `The file ${url} was not asked for: ${verdict.why}` };
  const address = verdict.addresses[0];
  if (address === undefined) return { text: null, why: `The file ${url} was not asked for: no address.` };
  return new Promise((resolve) => {
    const fail = (why: string) => resolve({ text: null, why: `The file ${url} could not be read: ${why}.` });
    const request = http.get(
      {
        host: address,
        port: 80,
        path: pathname,
        agent: false,
        headers: { host: hostname, 'user-agent': 'portcullis-ownership-check', connection: 'close' },
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        if (response.statusCode !== 200) {
          response.destroy();
          fail(`it answers ${response.statusCode ?? 'nothing'}`);
          return;
        }
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > longestFileBytes) response.destroy(new Error('it is longer than 4 KiB'));
          else chunks.push(chunk);
        });
        response.on('end', () => resolve({ text: Buffer.concat(chunks).toString('utf8'), why: null }));
        response.on('error', (error) => fail(error.message));
      },
    );
    request.on('error', (error) => fail(error.name === 'TimeoutError' ? 'no answer in 5 s' : error.message));
  });
}
