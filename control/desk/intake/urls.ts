/** Addresses of a report as it stores them: as they were typed, each once, with what the reading makes of them left open. */
import type { ReportUrls } from '../../../store/desk/reports.ts';
import { cleanText } from './clean.ts';

const mostUrls = 250;
const longestUrl = 4000;

/** Trimmed, without empty and repeated ones. What is over the limit is left out: the raw message keeps it. */
export function urlsOf(typed: readonly string[]): ReportUrls {
  const seen = new Set<string>();
  for (const one of typed) {
    const url = cleanText(one).replaceAll(/\s+/g, ' ').trim().slice(0, longestUrl);
    if (url !== '') seen.add(url);
    if (seen.size >= mostUrls) break;
  }
  return [...seen].map((url) => ({ typed: url, canonical: null }));
}
