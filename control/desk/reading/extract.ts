/**
 * What a report holds, taken out of it before anything is written: its addresses, the site that it is about, the days that it names, its keys.
 *
 * Pure but for the hash that it is handed. The names of people are never taken out: nobody's identity is inferred.
 */
import { createHash } from 'node:crypto';
import { parseHostname } from '../../../contract/hostname.ts';
import { redact, redactUrl } from '../../../core/desk/redaction.ts';
import { timesInText } from '../../../core/desk/text-times.ts';
import { artefactOfHiddenUrl, artefactOfUrl, canonicalUrl, hostOfUrl, urlsInText } from '../../../core/desk/urls.ts';
import type { ReportUrls } from '../../../store/desk/reports.ts';
import type { Unread } from '../../../store/desk/reading.ts';

const mostUrls = 250;
const searchedAtMost = 50_000;

export type Address = {
  readonly typed: string;
  readonly canonical: string;
  readonly artefact: string;
  /** What the same address is as something that must not be fetched: only a hash. */
  readonly hiddenArtefact: string;
};

export type Extract = {
  readonly urls: ReportUrls;
  readonly addresses: readonly Address[];
  /** Exact hostnames in stored form: the one that was named first, then those of the addresses in order. */
  readonly hostnames: readonly string[];
  readonly times: readonly string[];
  /** Redacted text for the search; hosts and addresses with it. */
  readonly search: string;
};

export const isHidden = (report: Pick<Unread, 'class'>): boolean => report.class === 'child-abuse';

/** Everything that a report holds. `plain`: nothing is looked for in its text, for one whose text breaks the reading. */
export function extract(report: Unread, plain: boolean): Extract {
  const known = new Set(report.urls.map(({ typed }) => typed));
  const found = plain ? [] : urlsInText(report.text).filter((typed) => !known.has(typed));
  const urls = [...report.urls.map(({ typed }) => typed), ...found]
    .slice(0, Math.max(mostUrls, report.urls.length))
    .map((typed) => ({ typed, canonical: canonicalUrl(typed) }));
  const addresses = new Map<string, Address>();
  for (const { typed, canonical } of urls) {
    if (canonical === null || addresses.has(canonical)) continue;
    addresses.set(canonical, {
      typed,
      canonical,
      artefact: artefactOfUrl(canonical, sha256),
      hiddenArtefact: artefactOfHiddenUrl(canonical, sha256),
    });
  }
  const sorted = [...addresses.values()].sort((one, other) => (one.canonical < other.canonical ? -1 : 1));
  const hostnames = hostnamesOf(report, sorted);
  return {
    urls,
    addresses: sorted,
    hostnames,
    times: plain ? [] : timesInText(report.text),
    search: plain ? hostnames.join(' ') : searchText(report, sorted, hostnames),
  };
}

function hostnamesOf(report: Unread, addresses: readonly Address[]): string[] {
  const named = report.hostname === null ? null : exact(report.hostname);
  const hosts = addresses.flatMap(({ canonical }) => {
    const host = hostOfUrl(canonical);
    const name = host === null ? null : exact(host);
    return name === null ? [] : [name];
  });
  return [...new Set([...(named === null ? [] : [named]), ...hosts.sort()])];
}

function exact(typed: string): string | null {
  const parsed = parseHostname(typed);
  if (parsed.ok) return parsed.hostname.replace(/^\*\./, '');
  const host = hostOfUrl(typed);
  const again = host === null ? null : parseHostname(host);
  return again?.ok === true ? again.hostname : null;
}

function searchText(report: Unread, addresses: readonly Address[], hostnames: readonly string[]): string {
  const shown = isHidden(report) ? [] : addresses.map(({ canonical }) => redactUrl(canonical));
  return [redact(report.text.slice(0, searchedAtMost), []), ...hostnames, ...shown].join(' ');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
