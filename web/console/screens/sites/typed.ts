/** What people type about a site, turned into what the contract wants: lines, networks, origins. Pure. */
import type { z } from 'zod';
import { Cidr } from '../../../../contract/network.ts';
import type { NetworkRule } from '../../../../contract/policy.ts';
import type { Origin } from '../../../../contract/routes/sites.ts';

type OriginValue = z.infer<typeof Origin>;

/** Names in a text, one per line, commas and spaces allowed between. */
export function linesOf(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** The origin as one address: `https://origin.example:8443`; the port is left out where the scheme implies it. */
export function originText(origin: OriginValue): string {
  const host = origin.host.includes(':') ? `[${origin.host}]` : origin.host;
  const implied = (origin.scheme === 'http' && origin.port === 80) || (origin.scheme === 'https' && origin.port === 443);
  return implied ? `${origin.scheme}://${host}` : `${origin.scheme}://${host}:${origin.port}`;
}

/** An origin from its address and the Host header to send (empty: the visitor's); null when it is no such address. */
export function parseOrigin(address: string, hostHeader: string): OriginValue | null {
  let url: URL;
  try {
    url = new URL(address.trim());
  } catch {
    return null;
  }
  const scheme = url.protocol === 'http:' ? 'http' : url.protocol === 'https:' ? 'https' : null;
  if (scheme === null || url.hostname === '' || url.username !== '' || url.password !== '') return null;
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return null;
  const port = url.port === '' ? (scheme === 'http' ? 80 : 443) : Number(url.port);
  const header = hostHeader.trim();
  return { scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port, hostHeader: header === '' ? null : header };
}

export type NetworksResult =
  { readonly ok: true; readonly networks: NetworkRule[] } | { readonly ok: false; readonly line: number };

export function networksText(networks: readonly NetworkRule[]): string {
  return networks.map((rule) => `${rule.action} ${rule.cidr}`).join('\n');
}

/** Rules from text, one per line; empty lines are passed over. Says the first line (from 1) that is none. */
export function parseNetworks(text: string): NetworksResult {
  const networks: NetworkRule[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const [action, cidr, ...rest] = line.trim().split(/\s+/);
    const parsed = Cidr.safeParse(cidr);
    if ((action !== 'allow' && action !== 'deny') || !parsed.success || rest.length > 0) return { ok: false, line: index + 1 };
    networks.push({ action, cidr: parsed.data });
  }
  return { ok: true, networks };
}
