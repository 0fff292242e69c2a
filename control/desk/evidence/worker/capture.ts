/**
 * Captures one address: resolves, checks, connects to the checked address, follows at most a few redirects with the same checks each.
 *
 * Meta refreshes and scripts lead nowhere. The result is bytes and facts; packing them is the control plane's, which never looks into them.
 */
import { dnsResolver } from '../../../sites/resolver.ts';
import type { Resolver } from '../../../sites/resolver.ts';
import { exchange } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { wordsOf } from './page.ts';
import { reach } from './reach.ts';
import type { CaptureJob, Hop, WorkerAnswer } from './words.ts';

export type Answered = { readonly answer: WorkerAnswer; readonly parts: readonly Buffer[] };

const redirectCodes = new Set([301, 302, 303, 307, 308]);
/** The body of a redirect says little; its head is what counts. */
const mostRedirectBytes = 64 * 1024;

export async function capture(job: CaptureJob, resolver: Resolver = dnsResolver(job.rules.dnsServers)): Promise<Answered> {
  const deadline = performance.now() + job.timeoutMs;
  const hops: Hop[] = [];
  const parts: Buffer[] = [];
  const part = (bytes: Buffer): number => parts.push(bytes) - 1;
  let url = webAddress(job.url, null);
  for (let turn = 0; ; turn += 1) {
    const from = turn === 0 ? '' : 'A redirect leads on: ';
    if (url === null) return simply('refused', `${from}this is no address of the web.`);
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    const reached = await withDeadline(reach(url.hostname, port, job.rules, resolver), deadline);
    if (reached === null) return simply('failed', `${from}the name servers did not answer in time.`);
    if (reached.kind === 'refused') return simply('refused', `${from}${reached.why}, so it was not fetched.`);
    if (reached.kind !== 'address') return simply(reached.kind, `${from}${reached.why}`);
    const atMs = Date.now();
    let done: Exchange;
    try {
      done = await exchange({
        url,
        address: reached.address,
        port,
        mostBytes: job.mostBytes,
        mostHeadBytes: job.mostHeadBytes,
        deadline,
      });
    } catch (error) {
      return simply('failed', `${from}The server ${error instanceof Error ? error.message : 'did not answer'}.`);
    }
    const location = redirectCodes.has(done.status) ? done.headers['location'] : undefined;
    const leadsOn = location !== undefined && turn < job.mostRedirects;
    const response = leadsOn ? done.response.subarray(0, done.headBytes + mostRedirectBytes) : done.response;
    hops.push({
      url: url.href,
      atMs,
      address: reached.address,
      port,
      dns: [...reached.dns],
      tls: done.tls === null ? null : { ...done.tls, chain: done.tls.chain.map(part) },
      status: done.status,
      mime: mimeOf(done.headers['content-type']),
      request: part(done.request),
      response: part(response),
      responseHeadBytes: done.headBytes,
    });
    if (leadsOn) {
      url = webAddress(location, url);
      continue;
    }
    const words = wordsOf(done.body, done.headers, job.mostCharacters);
    const notes = [
      ...words.notes,
      ...(location === undefined ? [] : [`More than ${job.mostRedirects} redirects; the last one was not followed.`]),
    ];
    return {
      answer: {
        kind: 'captured',
        hops,
        truncated: done.truncated,
        bodySha256: done.bodySha256,
        title: words.title,
        text: words.text === null ? null : part(Buffer.from(words.text)),
        textTruncated: words.truncated,
        notes,
        parts: parts.map((bytes) => bytes.byteLength),
      },
      parts,
    };
  }
}

/** An http or https address without user name and fragment; null for anything else. */
function webAddress(text: string, base: URL | null): URL | null {
  const trimmed = text.trim();
  if (trimmed.length > 8000 || !URL.canParse(trimmed, base?.href)) return null;
  const url = new URL(trimmed, base?.href);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}

function simply(kind: 'gone' | 'refused' | 'failed', why: string): Answered {
  const sentence = `${why.charAt(0).toUpperCase()}${why.slice(1)}`.slice(0, 600);
  return { answer: { kind, why: sentence, parts: [] }, parts: [] };
}

function mimeOf(type: string | undefined): string {
  const mime = (type ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return /^[a-z0-9.+-]{1,60}\/[a-z0-9.+-]{1,80}$/.test(mime) ? mime : 'application/octet-stream';
}

async function withDeadline<T>(answer: Promise<T>, deadline: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), Math.max(1, deadline - performance.now()));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
