/** A site's settings as text in fields, and back: what was changed, and what is wrong with it. Pure. */
import { usualKeptBytes } from '../../../../contract/policy.ts';
import type { Site, SiteChange } from '../../../../contract/routes/sites.ts';
import type { FieldMistake } from '../../api/client.ts';
import { linesOf, networksText, originText, parseNetworks, parseOrigin } from './typed.ts';

export type SettingsDraft = {
  readonly name: string;
  readonly hostnames: string;
  readonly origin: string;
  readonly hostHeader: string;
  readonly requestsPer10s: string;
  readonly concurrentPerClient: string;
  readonly concurrentPerSite: string;
  readonly expectedHashes: string;
  readonly clearanceSeconds: string;
  readonly pagesPer10Min: string;
  readonly crawlers: string;
  readonly bots: string;
  readonly work: string;
  readonly keepForms: string;
  readonly networks: string;
};

export function draftOf(site: Site): SettingsDraft {
  return {
    name: site.name,
    hostnames: site.hostnames.join('\n'),
    origin: originText(site.origin),
    hostHeader: site.origin.hostHeader ?? '',
    requestsPer10s: site.limits.requestsPer10s === null ? '' : String(site.limits.requestsPer10s),
    concurrentPerClient: String(site.limits.concurrentPerClient),
    concurrentPerSite: String(site.limits.concurrentPerSite),
    expectedHashes: String(site.challenge.expectedHashes),
    clearanceSeconds: String(site.challenge.clearanceSeconds),
    pagesPer10Min: String(site.challenge.pagesPer10Min ?? ''),
    crawlers: site.challenge.crawlers ?? 'pass',
    bots: botsText(site.challenge.bots),
    work: site.challenge.work ?? 'usual',
    keepForms: String(site.challenge.keepBodiesUpTo ?? usualKeptBytes),
    networks: networksText(site.networks),
  };
}

/** The fields that differ from the site. */
export function changesIn(site: Site, draft: SettingsDraft): readonly (keyof SettingsDraft)[] {
  const now = draftOf(site);
  return names.filter((name) => now[name].trim() !== draft[name].trim());
}

/** What to send: the changed parts only. The mistakes are those that a schema cannot place on a line. */
export function changeOf(
  site: Site,
  draft: SettingsDraft,
  badNetwork: (line: number) => string,
  badOrigin: string,
): { readonly body: SiteChange; readonly mistakes: readonly FieldMistake[] } {
  const changed = new Set(changesIn(site, draft));
  const mistakes: FieldMistake[] = [];
  const body: SiteChange = {};
  if (changed.has('name')) body.name = draft.name;
  if (changed.has('hostnames')) body.hostnames = linesOf(draft.hostnames);
  if (changed.has('origin') || changed.has('hostHeader')) {
    const origin = parseOrigin(draft.origin, draft.hostHeader);
    if (origin === null) mistakes.push({ path: 'origin', message: badOrigin });
    else body.origin = origin;
  }
  const limits: NonNullable<SiteChange['limits']> = {};
  if (changed.has('requestsPer10s'))
    limits.requestsPer10s = draft.requestsPer10s.trim() === '' ? null : numberOf(draft.requestsPer10s);
  if (changed.has('concurrentPerClient')) limits.concurrentPerClient = numberOf(draft.concurrentPerClient);
  if (changed.has('concurrentPerSite')) limits.concurrentPerSite = numberOf(draft.concurrentPerSite);
  if (Object.keys(limits).length > 0) body.limits = limits;
  const challenge: NonNullable<SiteChange['challenge']> = {};
  if (changed.has('expectedHashes')) challenge.expectedHashes = numberOf(draft.expectedHashes);
  if (changed.has('clearanceSeconds')) challenge.clearanceSeconds = numberOf(draft.clearanceSeconds);
  if (changed.has('pagesPer10Min'))
    challenge.pagesPer10Min = draft.pagesPer10Min.trim() === '' ? null : numberOf(draft.pagesPer10Min);
  if (changed.has('crawlers')) challenge.crawlers = draft.crawlers === 'challenged' ? 'challenged' : 'pass';
  if (changed.has('bots')) challenge.bots = parseBots(draft.bots);
  if (changed.has('work')) challenge.work = draft.work === 'strong' ? 'strong' : 'usual';
  if (changed.has('keepForms')) challenge.keepBodiesUpTo = numberOf(draft.keepForms);
  if (Object.keys(challenge).length > 0) body.challenge = challenge;
  if (changed.has('networks')) {
    const parsed = parseNetworks(draft.networks);
    if (parsed.ok) body.networks = parsed.networks;
    else mistakes.push({ path: 'networks', message: badNetwork(parsed.line) });
  }
  return { body, mistakes };
}

const names = [
  'name',
  'hostnames',
  'origin',
  'hostHeader',
  'requestsPer10s',
  'concurrentPerClient',
  'concurrentPerSite',
  'expectedHashes',
  'clearanceSeconds',
  'pagesPer10Min',
  'crawlers',
  'bots',
  'work',
  'keepForms',
  'networks',
] as const satisfies readonly (keyof SettingsDraft)[];

/** NaN for what is no number, which the contract's schema then refuses by the field's name. */
function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text.replaceAll(/[\s,]/g, ''));
}

type BotSetting = NonNullable<Site['challenge']['bots']>;

function botsText(bots: BotSetting = 'pass'): string {
  return bots === 'pass' ? 'all' : bots === 'challenged' ? 'none' : bots.join(', ');
}

/** What is no name, the contract's schema refuses. */
function parseBots(text: string): BotSetting {
  const names = text.split(/[\s,]+/).filter((name) => name !== '');
  const [only] = names;
  if (names.length === 0 || (names.length === 1 && only === 'all')) return 'pass';
  return names.length === 1 && only === 'none' ? 'challenged' : names;
}
