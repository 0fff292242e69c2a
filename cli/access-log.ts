/**
 * Lines of an access log (Common or Combined Log Format, with or without a host in front) as requests for a dry run.
 *
 * What is no such line is passed over and counted. Values of query parameters are kept on this machine's word only: the control plane
 * answers and keeps nothing. Not here: what becomes of the requests (core/shield/rules/dry-run.ts).
 */
import type { Instant } from '../contract/ids.ts';
import { SampledRequest } from '../contract/rules.ts';

export type LogRequests = { readonly requests: readonly SampledRequest[]; readonly unread: number };

const line =
  /^(?:(?<host>[a-z0-9.-]+)(?::\d+)? )?(?<address>[0-9a-fA-F.:]+) \S+ \S+ \[[^\]]*\] "(?<method>[A-Z]+) (?<target>\S+) HTTP\/[0-9.]+" \d+ \S+(?: "(?<referer>[^"]*)" "(?<agent>[^"]*)")?/;

/** The newest `most` requests of a log. `host` stands for those of a log that names none. */
export function readAccessLog(text: string, host: string, at: Instant, most: number): LogRequests {
  const lines = text.split('\n').filter((one) => one.trim() !== '');
  const requests: SampledRequest[] = [];
  let unread = 0;
  for (const one of lines.slice(-most)) {
    const found = line.exec(one)?.groups;
    const request = found === undefined ? null : requestOf(found, host, at);
    if (request === null) unread += 1;
    else requests.push(request);
  }
  return { requests, unread };
}

function requestOf(found: Readonly<Record<string, string | undefined>>, host: string, at: Instant): SampledRequest | null {
  const target = found['target'] ?? '';
  const mark = target.indexOf('?');
  const headers = { 'user-agent': found['agent'], referer: found['referer'] };
  const parsed = SampledRequest.safeParse({
    at,
    method: found['method'],
    host: found['host'] ?? host,
    path: (mark === -1 ? target : target.slice(0, mark)).slice(0, 2000),
    query: mark === -1 ? '' : target.slice(mark + 1, mark + 2001),
    headers: Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        value === undefined || value === '-' ? [] : [[name, value.slice(0, 500)]],
      ),
    ),
    network: found['address'],
    country: null,
    asn: null,
  });
  return parsed.success ? parsed.data : null;
}
