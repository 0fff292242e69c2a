/**
 * One line of HAProxy's about one request (edge/render/skeleton/log.ts), read strictly: what does not fit whole is no line.
 *
 * The path is the last field and takes everything that is left; every other text of a visitor is in hex. So a visitor's words end up as text,
 * wherever they are put. Not here: what becomes of the request (requests.ts).
 */
import { Instant, OrderId, SiteId } from '../../contract/ids.ts';
import { Cidr } from '../../contract/network.ts';
import { RuleId, SampledRequest } from '../../contract/rules.ts';
import { mostKeptAddress } from '../../contract/traffic.ts';
import type { KeptAddress } from '../../contract/traffic.ts';
import { RequestReference } from '../../contract/insight.ts';
import { unknownAsn, unknownCountry } from '../../core/shield/rules/syntax.ts';
import { textOf } from '../../core/shield/rules/request.ts';

export type LoggedRequest = {
  readonly at: Instant;
  readonly reference: RequestReference;
  readonly siteId: SiteId;
  readonly status: number;
  /** The backend that answered instead of the origin; null when the request went to the origin. */
  readonly act: string | null;
  readonly ruleId: RuleId | null;
  readonly orderId: OrderId | null;
  readonly network: Cidr;
  /** The whole address, where HAProxy was told to tell it: for the security log of this machine, and nothing else. */
  readonly address: string | null;
  readonly method: string;
  readonly path: string;
  /** Milliseconds from the request to the first byte of the origin's answer; null when there was none. */
  readonly originMs: number | null;
  readonly country: string | null;
  readonly asn: number | null;
  /** What a refused visitor called the host, and themselves; of a sampled request it is in the sample. */
  readonly said: { readonly host: string; readonly agent: string } | null;
  /** Present when the request is part of the sample. */
  readonly sample: SampledRequest | null;
};

const line =
  /^2 (?<seconds>\d{1,12}) (?<ms>\d{1,3}) (?<reference>[0-9a-f-]{3,36}) (?<status>-?\d{1,3}) (?<times>-?\d+(?:,-?\d+){3}),\d+,\d+ (?<site>\S+) (?<act>[a-z-]{1,30}) (?<rule>\S+) (?<order>\S+) (?<whole>!?)(?<address>[0-9a-fA-F.:]+) (?<country>[A-Za-z0-9-]{1,8}),(?<asn>\d{1,10}|-) (?<said>\S+) (?<asked>\S+) (?<method>[^\s]{1,40}) (?<path>[^\n]*)$/u;

/** Takes the text of one frame; null for what is no such line, or of no site. `keep`: so much is left of addresses. */
export function parseRequestLine(text: string, keep: KeptAddress = mostKeptAddress): LoggedRequest | null {
  const found = line.exec(text)?.groups;
  if (found === undefined) return null;
  const { seconds = '', ms = '', address = '', asked = '', method = '', act = '' } = found;
  const siteId = SiteId.safeParse(found['site']);
  const reference = RequestReference.safeParse(found['reference']);
  const network = Cidr.safeParse(`${address}/${address.includes(':') ? keep.v6 : keep.v4}`);
  const atMs = Number(seconds) * 1000 + Number(ms);
  if (!siteId.success || !reference.success || !network.success || atMs > latestMs) return null;
  const at = Instant.parse(new Date(atMs).toISOString());
  // HAProxy writes what is not plain as `#` and two hex digits, `#` itself too.
  const path = (found['path'] ?? '').replaceAll(/#([0-9A-Fa-f]{2})/g, '%$1').slice(0, 1000);
  const rule = RuleId.safeParse(found['rule']);
  const order = OrderId.safeParse(found['order']);
  const whole = found['whole'] === '!';
  const place = placeOf(found['country'] ?? '', found['asn'] ?? '');
  const sample = asked === '-' ? null : sampleOf(asked, { at, method, path, network: network.data, ...place });
  const said = found['said'] === '-' ? null : textsOf((found['said'] ?? '').split(','), 2);
  if ((asked !== '-' && sample === null) || (found['said'] !== '-' && said === null)) return null;
  const [queueMs = -1, connectMs = -1, answerMs = -1] = (found['times'] ?? '').split(',').map(Number);
  return {
    at,
    reference: reference.data,
    siteId: siteId.data,
    status: Number(found['status']),
    act: passedOn.has(act) ? null : bySignature.has(act) ? (said === null ? null : 'challenge') : act,
    ruleId: rule.success ? rule.data : null,
    orderId: order.success ? order.data : null,
    network: network.data,
    address: whole ? address : null,
    method,
    path,
    originMs: answerMs < 0 ? null : Math.max(0, queueMs) + Math.max(0, connectMs) + answerMs,
    ...place,
    said: said === null ? null : { host: said[0] ?? '', agent: said[1] ?? '' },
    sample,
  };
}

/** Backends that are no answer of our own; a request that ended before it had any bears the frontend's name. */
const passedOn: ReadonlySet<string> = new Set(['origins', 'origins-tls', 'edge']);

/** Backends that serve the origin to a bot whose signature holds, and refuse the others, of whom something is said. */
const bySignature: ReadonlySet<string> = new Set(['bots', 'bots-tls']);

/** The end of the year 9999. */
const latestMs = 253_402_300_799_999;

function placeOf(country: string, asn: string): Pick<SampledRequest, 'country' | 'asn'> {
  return {
    country: country === unknownCountry || country === '-' ? null : country.toUpperCase(),
    asn: asn === unknownAsn || asn === '-' ? null : Number(asn),
  };
}

/** Fields in hex as text; null when one is no hex, or when there are more or fewer. */
function textsOf(fields: readonly string[], count: number): string[] | null {
  const texts = fields.map((field) => (field === '-' ? '' : field));
  if (texts.length !== count || !texts.every((text) => /^(?:[0-9A-F]{2})*$/.test(text))) return null;
  return texts.map((text) => textOf(Buffer.from(text, 'hex').toString('latin1')));
}

function sampleOf(
  asked: string,
  rest: Pick<SampledRequest, 'at' | 'method' | 'path' | 'network' | 'country' | 'asn'>,
): SampledRequest | null {
  const [oneIn = '', ...fields] = asked.split(',');
  const texts = textsOf(fields, 7);
  if (texts === null || !/^[1-9]\d{0,5}$/.test(oneIn)) return null;
  const [host = '', query = '', agent = '', referer = '', type = '', origin = '', language = ''] = texts;
  const headers = { 'user-agent': agent, referer, 'content-type': type, origin, 'accept-language': language };
  const parsed = SampledRequest.safeParse({
    ...rest,
    host,
    query,
    headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')),
    oneIn: Number(oneIn),
  });
  return parsed.success ? parsed.data : null;
}
