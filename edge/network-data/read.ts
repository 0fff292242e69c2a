/**
 * Reads an operator's file of networks: MMDB (MaxMind's format) or CSV. The data itself is nobody's part of this program.
 *
 * CSV lines are `network,value` or `first,last,value`, as the free lists have them; what is no such line (a heading) is passed over. MMDB
 * records are read by the usual names: `country.iso_code`, `country_code`, `country`; `autonomous_system_number`, `asn`. Gives other work
 * its turn, since such files have hundreds of thousands of networks. IPv6 is read within 2000::/3, where the Internet is.
 */
import { readFile } from 'node:fs/promises';
import ipaddr from 'ipaddr.js';
import { Reader } from 'mmdb-lib';
import type { CountryResponse } from 'mmdb-lib';
import { z } from 'zod';

/** A network by its first address and length, and what it belongs to: two capital letters, or an AS number as text. */
export type KnownNetwork = { readonly family: 4 | 6; readonly first: bigint; readonly bits: number; readonly value: string };

export type DataKind = 'countries' | 'asns';

const perTurn = 2000;

/** Reads a file. Rejects when it is not there, or holds no network. */
export async function readNetworks(file: string, kind: DataKind): Promise<KnownNetwork[]> {
  const bytes = await readFile(file);
  const networks = bytes.includes('MaxMind.com', bytes.length - 131_072)
    ? await readMmdb(bytes, kind)
    : await readCsv(bytes.toString('utf8'), kind);
  if (networks.length === 0)
    throw new Error(`${file} holds no network with ${kind === 'countries' ? 'a country' : 'an AS number'}.`);
  return networks;
}

const MmdbRecord = z.object({
  country: z.union([z.string(), z.object({ iso_code: z.string() }).partial()]).optional(),
  registered_country: z.object({ iso_code: z.string() }).partial().optional(),
  country_code: z.string().optional(),
  autonomous_system_number: z.number().optional(),
  asn: z.union([z.number(), z.string()]).optional(),
});

async function readMmdb(bytes: Buffer, kind: DataKind): Promise<KnownNetwork[]> {
  const reader = new Reader<CountryResponse>(bytes);
  const networks: KnownNetwork[] = [];
  const families = reader.metadata.ipVersion === 6 ? ([4, 6] as const) : ([4] as const);
  for (const family of families) {
    const width = family === 4 ? 32 : 128;
    const last = family === 4 ? 1n << 32n : 4n << 124n;
    let turn = 0;
    for (let first = family === 4 ? 0n : 2n << 124n; first < last;) {
      const [data, bits] = reader.getWithPrefixLength(addressText(family, first));
      const value = data === null ? null : valueOf(data, kind);
      if (value !== null) networks.push({ family, first, bits, value });
      first += 1n << BigInt(width - bits);
      turn += 1;
      if (turn % perTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return networks;
}

function valueOf(data: unknown, kind: DataKind): string | null {
  const parsed = MmdbRecord.safeParse(data);
  if (!parsed.success) return null;
  const { country, registered_country: registered, country_code: code, autonomous_system_number: number, asn } = parsed.data;
  if (kind === 'asns') return asAsn(String(number ?? asn ?? ''));
  return asCountry((typeof country === 'string' ? country : country?.iso_code) ?? code ?? registered?.iso_code ?? '');
}

async function readCsv(text: string, kind: DataKind): Promise<KnownNetwork[]> {
  const networks: KnownNetwork[] = [];
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    networks.push(...csvNetworks(line, kind));
    if (index % perTurn === perTurn - 1) await new Promise((resolve) => setImmediate(resolve));
  }
  return networks;
}

function csvNetworks(line: string, kind: DataKind): KnownNetwork[] {
  const [a = '', b = '', c = ''] = line
    .trim()
    .split(',')
    .map((cell) => cell.trim().replaceAll('"', ''));
  const as = kind === 'asns' ? asAsn : asCountry;
  if (a.includes('/') && ipaddr.isValidCIDR(a)) {
    const value = as(b);
    const [address, bits] = ipaddr.parseCIDR(a);
    const family = address.kind() === 'ipv4' ? 4 : 6;
    const width = BigInt((family === 4 ? 32 : 128) - bits);
    return value === null ? [] : [{ family, first: (numberOf(address) >> width) << width, bits, value }];
  }
  if (!ipaddr.isValid(a) || !ipaddr.isValid(b)) return [];
  const [first, last] = [ipaddr.parse(a), ipaddr.parse(b)];
  const value = as(c);
  return value === null || first.kind() !== last.kind()
    ? []
    : rangeNetworks(first.kind() === 'ipv4' ? 4 : 6, numberOf(first), numberOf(last)).map((network) => ({ ...network, value }));
}

/** The fewest networks that together are a range. */
function rangeNetworks(family: 4 | 6, from: bigint, to: bigint): Omit<KnownNetwork, 'value'>[] {
  const width = family === 4 ? 32 : 128;
  const networks: Omit<KnownNetwork, 'value'>[] = [];
  for (let first = from; first <= to;) {
    let free = 0;
    while (free < width && (first >> BigInt(free)) % 2n === 0n && first + (1n << BigInt(free + 1)) - 1n <= to) free += 1;
    networks.push({ family, first, bits: width - free });
    first += 1n << BigInt(free);
  }
  return networks;
}

function asCountry(text: string): string | null {
  return /^[A-Za-z]{2}$/.test(text) ? text.toUpperCase() : null;
}

function asAsn(text: string): string | null {
  const number = /^(?:AS)?(\d{1,10})$/i.exec(text)?.[1];
  return number === undefined || Number(number) === 0 ? null : String(Number(number));
}

function numberOf(address: ipaddr.IPv4 | ipaddr.IPv6): bigint {
  return address.toByteArray().reduce((number, byte) => number * 256n + BigInt(byte), 0n);
}

/** A number as an address. */
export function addressText(family: 4 | 6, number: bigint): string {
  const size = family === 4 ? 4 : 16;
  const bytes = Array.from({ length: size }, (_, index) => Number((number >> BigInt(8 * (size - 1 - index))) & 255n));
  return ipaddr.fromByteArray(bytes).toString();
}
