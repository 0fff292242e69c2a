/** Operators' files of networks: what is read of them, and which networks HAProxy gets. */
import { rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readNetworks } from './read.ts';
import { selectNetworks } from './select.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'portcullis-networks-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string | Buffer): string {
  const name = path.join(folder, `${Math.random()}`);
  writeFileSync(name, text);
  return name;
}

it('CSV with networks or ranges is read, a heading is passed over', async () => {
  const networks = await readNetworks(
    file('network,country\n192.0.2.0/24,de\n"198.51.100.1","198.51.100.6","FR"\n2001:db8::/32,AT\nx,y\n'),
    'countries',
  );
  const chosen = selectNetworks(networks, new Set(['DE', 'FR', 'AT']));
  expect(chosen).toEqual([
    ['192.0.2.0/24', 'DE'],
    ['198.51.100.1/32', 'FR'],
    ['198.51.100.2/31', 'FR'],
    ['198.51.100.4/31', 'FR'],
    ['198.51.100.6/32', 'FR'],
    ['2001:db8::/32', 'AT'],
  ]);
});

it('only what rules name is kept, and what lies within it', async () => {
  const networks = await readNetworks(file('10.0.0.0/8,DE\n10.1.0.0/16,FR\n10.2.0.0/16,DE\n11.0.0.0/8,FR\n'), 'countries');
  expect(selectNetworks(networks, new Set(['DE']))).toEqual([
    ['10.0.0.0/8', 'DE'],
    ['10.1.0.0/16', 'FR'],
    ['10.2.0.0/16', 'DE'],
  ]);
});

it('AS numbers are read with or without their letters', async () => {
  const networks = await readNetworks(file('192.0.2.0/24,AS64500\n198.51.100.0,198.51.100.255,64501,Example\n'), 'asns');
  expect(networks.map(({ value }) => value)).toEqual(['64500', '64501']);
});

it('MMDB is read by the format that readers of it know', async () => {
  const networks = await readNetworks(file(mmdb()), 'countries');
  expect(selectNetworks(networks, new Set(['DE', 'FR']))).toEqual([
    ['0.0.0.0/1', 'DE'],
    ['192.0.0.0/2', 'FR'],
  ]);
});

it('a file without a network is refused in a sentence', async () => {
  await expect(readNetworks(file('nothing here\n'), 'countries')).rejects.toThrow(/holds no network with a country/);
});

/** A database of two nodes: 0/1 → DE, 128/2 → nothing, 192/2 → FR. */
function mmdb(): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([0x40 | value.length]), Buffer.from(value)]);
  const map = (...pairs: Buffer[]) => Buffer.concat([Buffer.from([0xe0 | (pairs.length / 2)]), ...pairs]);
  const number = (value: number) => Buffer.from([0xa1, value]);
  const country = (code: string) => map(text('country'), map(text('iso_code'), text(code)));
  const [german, french] = [country('DE'), country('FR')];
  const nodes = 2;
  const node = (left: number, right: number) => Buffer.from([0, left >> 8, left & 255, 0, right >> 8, right & 255]);
  const tree = Buffer.concat([node(nodes + 16, 1), node(nodes, nodes + 16 + german.length)]);
  const metadata = map(
    ...[text('node_count'), number(nodes), text('record_size'), number(24), text('ip_version'), number(4)],
    ...[text('database_type'), text('Test'), text('languages'), Buffer.from([0x00, 0x04]), text('description'), map()],
    ...[
      text('binary_format_major_version'),
      number(2),
      text('binary_format_minor_version'),
      number(0),
      text('build_epoch'),
      number(1),
    ],
  );
  return Buffer.concat([tree, Buffer.alloc(16), german, french, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata]);
}
