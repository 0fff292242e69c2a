/**
 * Reads a report in XARF v4 or v3 into what the desk takes in. Lenient: what is XARF at all is taken, kinds that we do not know are `other`.
 *
 * The names and contacts of who sent it come out apart (`contact`), so that they can be sealed; `machine` is the rest without them and
 * without payloads. `_internal`, which XARF says is never to be sent, is left out. Payloads are handed on undecoded.
 * Not here: keeping the document whole (the door seals it as it came), limits on size (the door), decoding (needs Node).
 * Hazard: every word in it is the sender's claim; a machine's `confidence` is kept and moves nothing.
 * After: xarf.org's v4 core schema (`xarf_version`, `category`, `type`, `source_identifier`, `evidence`) and abusix/xarf v3
 * (`ReporterInfo`, `Report.ReportType`, `Samples`), whose own samples differ from their schemas in spelling.
 */
import { z } from 'zod';
import type { Json } from '../../contract/canonical.ts';
import { Instant } from '../../contract/ids.ts';
import type { ReportClass } from '../../contract/desk/words.ts';

export type XarfFile = {
  readonly name: string;
  readonly mediaType: string;
  readonly payload: string;
  readonly encoding: 'base64' | 'text';
};

export type XarfReport = {
  readonly channel: 'xarf3' | 'xarf4';
  readonly class: ReportClass;
  readonly text: string;
  readonly urls: readonly string[];
  readonly hostname: string | null;
  readonly happenedAt: Instant | null;
  readonly contact: { readonly name?: string; readonly mail?: string; readonly phone?: string } | null;
  /** v3 says `Disclosure`; v4 says nothing, so nothing is passed on. */
  readonly forwardConsent: boolean;
  readonly files: readonly XarfFile[];
  readonly machine: Readonly<Record<string, Json>>;
};

/** Words for kinds, as v4 writes `type` and v3 writes `ReportType`, without case and separators. The one table. */
const classOfKind: Readonly<Record<string, ReportClass>> = {
  spam: 'spam',
  bulkmessaging: 'spam',
  spamvertised: 'spam',
  phishing: 'phishing',
  fraud: 'phishing',
  scam: 'phishing',
  malware: 'malware',
  infectedhost: 'malware',
  remotecompromise: 'malware',
  compromisedserver: 'malware',
  compromisedwebsite: 'malware',
  compromisedaccount: 'malware',
  botnet: 'malware',
  bot: 'malware',
  defacement: 'malware',
  webhack: 'malware',
  ddos: 'attack',
  ddosamplification: 'attack',
  portscan: 'attack',
  loginattack: 'attack',
  authfailure: 'attack',
  bruteforce: 'attack',
  sqlinjection: 'attack',
  vulnscanning: 'attack',
  vulnerabilityscan: 'attack',
  reconnaissance: 'attack',
  scraping: 'attack',
  ipspoof: 'attack',
  copyright: 'copyright',
  trademark: 'copyright',
  p2p: 'copyright',
  cyberlocker: 'copyright',
  linksite: 'copyright',
  ugcplatform: 'copyright',
  usenet: 'copyright',
  brandinfringement: 'copyright',
  csam: 'child-abuse',
  csem: 'child-abuse',
  childabuse: 'child-abuse',
  ncii: 'intimate-images',
  intimateimages: 'intimate-images',
  harassment: 'harassment',
  bullying: 'harassment',
  stalking: 'stalking',
  doxxing: 'doxxing',
  doxing: 'doxxing',
  swatting: 'swatting',
  threat: 'threat-to-life',
  threattolife: 'threat-to-life',
  violentthreat: 'threat-to-life',
};

const Members = z.record(z.string(), z.unknown());
type Members = z.infer<typeof Members>;

const mostUrls = 250;
const mostFiles = 50;
const deepest = 8;
const longestText = 20_000;
const longestLine = 2000;
/** Who sent it, and bytes: never part of `machine` or of the text. */
const apart = new Set([
  'reporter',
  'sender',
  'reporterinfo',
  'onbehalfof',
  'onbehalfofinfo',
  'senderinfo',
  'reportercontact',
  '_internal',
  'internal',
  'payload',
  'data',
]);

/** Null when it is no XARF at all. */
export function parseXarf(value: unknown): XarfReport | null {
  const root = membersOf(value);
  if (root === null) return null;
  if (/^4(\.|$)/.test(textOf(root['xarf_version']) ?? '')) return parseFourth(root);
  const report = membersOf(root['Report'] ?? root['report']);
  if (report !== null && (textOf(member(report, 'ReportType')) !== null || textOf(member(report, 'ReportClass')) !== null)) {
    return parseThird(root, report);
  }
  return null;
}

function parseFourth(root: Members): XarfReport {
  const kind = textOf(root['type']) ?? '';
  const reporter = membersOf(root['reporter']) ?? {};
  const machine = machineOf(root);
  const source = textOf(root['source_identifier']);
  return {
    channel: 'xarf4',
    class: classOf(kind, textOf(root['category']) ?? ''),
    text: textFor(kind, textOf(root['description']), machine),
    urls: urlsIn(root),
    hostname: hostnameIn(textOf(root['domain']), source),
    happenedAt: instantIn(root['timestamp']),
    contact: contactOf(textOf(reporter['org']), textOf(reporter['contact']), null),
    forwardConsent: false,
    files: filesIn(root['evidence']),
    machine,
  };
}

function parseThird(root: Members, report: Members): XarfReport {
  const kind = textOf(member(report, 'ReportType')) ?? '';
  const info = membersOf(member(root, 'ReporterInfo')) ?? {};
  const name = textOf(member(info, 'ReporterContactName')) ?? textOf(member(info, 'ReporterOrg'));
  const mail = textOf(member(info, 'ReporterContactEmail')) ?? textOf(member(info, 'ReporterOrgEmail'));
  const machine = machineOf(report);
  const source = membersOf(member(report, 'Source')) ?? {};
  return {
    channel: 'xarf3',
    class: classOf(kind, textOf(member(report, 'ReportClass')) ?? ''),
    text: textFor(kind, textOf(member(report, 'Description')), machine),
    urls: urlsIn(report),
    hostname: hostnameIn(textOf(member(report, 'SourceDomain')), textOf(member(source, 'Value'))),
    happenedAt: instantIn(member(report, 'Date')),
    contact: contactOf(name, mail, textOf(member(info, 'ReporterContactPhone'))),
    forwardConsent: member(root, 'Disclosure') === true,
    files: [...filesIn(member(report, 'Samples')), ...filesIn(member(report, 'Attachment'))].slice(0, mostFiles),
    machine,
  };
}

function classOf(kind: string, category: string): ReportClass {
  const plain = plainWord(kind);
  if (Object.hasOwn(classOfKind, plain)) return classOfKind[plain] ?? 'other';
  return plainWord(category) === 'copyright' ? 'copyright' : 'other';
}

function plainWord(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** A member by its name, whatever its case: v3 writers disagree. */
function member(of: Members, name: string): unknown {
  if (Object.hasOwn(of, name)) return of[name];
  const found = Object.keys(of).find((key) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : of[found];
}

function membersOf(value: unknown): Members | null {
  if (Array.isArray(value)) return null;
  const parsed = Members.safeParse(value);
  return parsed.success ? parsed.data : null;
}

function textOf(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

function contactOf(name: string | null, mail: string | null, phone: string | null): XarfReport['contact'] {
  const address = mail !== null && /^[^\s@<>]{1,64}@[^\s@<>]{1,189}$/.test(mail) ? mail : null;
  const contact = {
    ...(name === null ? {} : { name: name.slice(0, 200) }),
    ...(address === null ? {} : { mail: address }),
    ...(phone === null ? {} : { phone: phone.slice(0, 40) }),
  };
  return Object.keys(contact).length === 0 ? null : contact;
}

function instantIn(value: unknown): Instant | null {
  const text = textOf(value);
  if (text === null || !/^\d{4}-\d{2}-\d{2}[T ]/.test(text)) return null;
  const ms = Date.parse(text);
  const parsed = Number.isNaN(ms) ? null : Instant.safeParse(new Date(ms).toISOString());
  return parsed?.success === true ? parsed.data : null;
}

function hostnameIn(...candidates: readonly (string | null)[]): string | null {
  return candidates.find((text) => text !== null && /^[\p{L}\p{N}.-]{1,253}\.[\p{L}-][\p{L}\p{N}-]*\.?$/u.test(text)) ?? null;
}

/** Every whole value that is a web address, where it is not who sent it or a payload. */
function urlsIn(value: unknown): string[] {
  const found = new Set<string>();
  walk(value, (text) => {
    if (found.size < mostUrls && /^https?:\/\/\S+$/i.test(text)) found.add(text);
  });
  return [...found];
}

function walk(value: unknown, tell: (text: string) => void, depth = 0): void {
  if (depth > deepest) return;
  if (typeof value === 'string') tell(value.trim());
  else if (Array.isArray(value)) for (const one of value) walk(one, tell, depth + 1);
  else for (const [key, one] of Object.entries(membersOf(value) ?? {})) if (!isApart(key)) walk(one, tell, depth + 1);
}

function isApart(key: string): boolean {
  return apart.has(key.toLowerCase());
}

/** The document as JSON without who sent it and without payloads. */
function machineOf(root: Members): Record<string, Json> {
  return copyMembers(root, 0);
}

function copyMembers(value: Members, depth: number): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !isApart(key) && key !== '__proto__')
      .slice(0, mostUrls)
      .map(([key, one]) => [key.slice(0, 100), copyOf(one, depth + 1)]),
  );
}

function copyOf(value: unknown, depth: number): Json {
  if (depth > deepest || value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string') return value.slice(0, longestLine);
  if (Array.isArray(value)) return value.slice(0, mostUrls).map((one) => copyOf(one, depth + 1));
  return copyMembers(membersOf(value) ?? {}, depth);
}

/** What people read: the sender's description, then every plain field by its name. */
function textFor(kind: string, description: string | null, machine: Readonly<Record<string, Json>>): string {
  const lines = Object.entries(machine).flatMap(([key, value]) =>
    key !== 'description' && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      ? [`${key}: ${value}`]
      : [],
  );
  const head = description ?? `A report of the kind “${kind.slice(0, 100)}”.`;
  return [head, ...(lines.length === 0 ? [] : ['', ...lines])].join('\n').slice(0, longestText);
}

function filesIn(value: unknown): XarfFile[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, mostFiles).flatMap((one: unknown, index): XarfFile[] => {
    const item = membersOf(one);
    if (item === null) return [];
    const payload = member(item, 'payload') ?? member(item, 'Data');
    if (typeof payload !== 'string' || payload === '') return [];
    const plain = member(item, 'Base64Encoded') === false;
    return [
      {
        name: (textOf(member(item, 'Description')) ?? textOf(member(item, 'FileName')) ?? `evidence ${index + 1}`).slice(0, 120),
        mediaType: (textOf(member(item, 'content_type')) ?? textOf(member(item, 'ContentType')) ?? '').slice(0, 100),
        payload,
        encoding: plain ? 'text' : 'base64',
      },
    ];
  });
}
