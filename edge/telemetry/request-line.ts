/**
 * One line of HAProxy's about one request (edge/render/skeleton/log.ts), read strictly: what does not fit whole is no line.
 *
 * The path is the last field and takes everything that is left; every other text of a visitor is in hex. So a visitor's words end up as text,
 * wherever they are put. Not here: what becomes of the request (requests.ts).
 */
import { Instant, OrderId, SiteId } from '../../contract/ids.ts';
import { Cidr } from '../../contract/network.ts';
import { RuleId, SampledRequest } from '../../contract/rules.ts';
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
  readonly method: string;
  readonly path: string;
  /** Present when the request is part of the sample. */
  readonly sample: SampledRequest | null;
};

const line =
  /^1 (?<seconds>\d{1,12}) (?<ms>\d{1,3}) (?<reference>[0-9a-f-]{36}) (?<status>-?\d{1,3}) (?<site>\S+) (?<act>[a-z-]{1,30}) (?<rule>\S+) (?<order>\S+) (?<address>[0-9a-fA-F.:]+) (?<asked>\S+) (?<method>[^\s]{1,40}) (?<path>[^\n]*)$/u;

/** Takes the text of one frame; null for what is no such line, or of no site. */
export function parseRequestLine(text: string): LoggedRequest | null {
  const found = line.exec(text)?.groups;
  if (found === undefined) return null;
  const { seconds = '', ms = '', address = '', asked = '', method = '', act = '' } = found;
  const siteId = SiteId.safeParse(found['site']);
  const reference = RequestReference.safeParse(found['reference']);
  const network = Cidr.safeParse(`${address}/${address.includes(':') ? 48 : 24}`);
  const atMs = Number(seconds) * 1000 + Number(ms);
  if (!siteId.success || !reference.success || !network.success || atMs > latestMs) return null;
  const at = Instant.parse(new Date(atMs).toISOString());
  // HAProxy writes what is not plain as `#` and two hex digits, `#` itself too.
  const path = (found['path'] ?? '').replaceAll(/#([0-9A-Fa-f]{2})/g, '%$1').slice(0, 1000);
  const rule = RuleId.safeParse(found['rule']);
  const order = OrderId.safeParse(found['order']);
  const sample = asked === '-' ? null : sampleOf(asked, { at, method, path, network: network.data });
  if (asked !== '-' && sample === null) return null;
  return {
    at,
    reference: reference.data,
    siteId: siteId.data,
    status: Number(found['status']),
    act: act === '-' ? null : act,
    ruleId: rule.success ? rule.data : null,
    orderId: order.success ? order.data : null,
    network: network.data,
    method,
    path,
    sample,
  };
}

/** The end of the year 9999. */
const latestMs = 253_402_300_799_999;

function sampleOf(asked: string, rest: Pick<SampledRequest, 'at' | 'method' | 'path' | 'network'>): SampledRequest | null {
  const fields = asked.split(',');
  if (fields.length !== 9) return null;
  const texts = fields.slice(0, 7).map((field) => (field === '-' ? '' : field));
  if (!texts.every((text) => /^(?:[0-9A-F]{2})*$/.test(text))) return null;
  const [host = '', query = '', agent = '', referer = '', type = '', origin = '', language = ''] = texts.map((text) =>
    textOf(Buffer.from(text, 'hex').toString('latin1')),
  );
  const headers = { 'user-agent': agent, referer, 'content-type': type, origin, 'accept-language': language };
  const [country = unknownCountry, asn = unknownAsn] = fields.slice(7);
  const parsed = SampledRequest.safeParse({
    ...rest,
    host,
    query,
    headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')),
    country: country === unknownCountry ? null : country.toUpperCase(),
    asn: asn === unknownAsn ? null : Number(asn),
  });
  return parsed.success ? parsed.data : null;
}
