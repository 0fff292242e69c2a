/** Crawlers are known by files and by DNS that says the same in both directions; everything else is asked like anybody. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { MapEntry } from '../render/types.ts';
import { confirmCrawler, operatorOf } from './confirm.ts';
import type { CrawlerDns } from './confirm.ts';
import { CrawlerKeeper, readCrawlerFile } from './keeper.ts';

const names: Readonly<Record<string, string>> = {
  '192.0.2.1': 'crawl-1.googlebot.com',
  '192.0.2.2': 'crawl-2.googlebot.com',
  '192.0.2.3': 'googlebot.com.evil.example',
  '2001:db8::1': 'msnbot-1.search.msn.com',
};
const addresses: Readonly<Record<string, string>> = {
  'crawl-1.googlebot.com': '192.0.2.1',
  'crawl-2.googlebot.com': '192.0.2.99',
  'googlebot.com.evil.example': '192.0.2.3',
  'msnbot-1.search.msn.com': '2001:0db8:0:0::1',
};
const dns: CrawlerDns = {
  namesOf: (address) => Promise.resolve([names[address] ?? ''].filter((name) => name !== '')),
  addressesOf: (name) => Promise.resolve([addresses[name] ?? ''].filter((address) => address !== '')),
};

it('an address is a crawler’s only when name and address lead to each other', async () => {
  expect(await confirmCrawler('192.0.2.1', dns)).toBe('google');
  expect(await confirmCrawler('192.0.2.2', dns)).toBeNull();
  expect(await confirmCrawler('192.0.2.3', dns)).toBeNull();
  expect(await confirmCrawler('192.0.2.4', dns)).toBeNull();
  expect(await confirmCrawler('2001:db8::1', dns)).toBe('bing');
  const broken: CrawlerDns = { ...dns, namesOf: () => Promise.reject(new Error('SERVFAIL')) };
  expect(await confirmCrawler('192.0.2.1', broken)).toBeNull();
  expect([operatorOf('x.evilgooglebot.com'), operatorOf('X.GoogleBot.COM.')]).toEqual([null, 'google']);
});

it('claims are looked up a few at a time, remembered, and forgotten when they are old', async () => {
  let atMs = 0;
  let asked = 0;
  const table = Array.from({ length: 30 }, (_, index) => `0x1: key=::ffff:192.0.2.${index + 1} use=0 exp=1 conn_cur=0`).join(
    '\n',
  );
  const known: (readonly MapEntry[])[] = [];
  const keeper = new CrawlerKeeper({
    folder: null,
    dns: { ...dns, namesOf: (address) => ((asked += 1), dns.namesOf(address)) },
    ask: () => Promise.resolve(table),
    log: pino({ level: 'silent' }),
    nowMs: () => atMs,
    onKnown: (entries) => known.push(entries),
  });
  for (let turn = 1; turn <= 4; turn += 1) await keeper.turn();
  expect(asked).toBe(30);
  expect(known).toEqual([[{ map: 'crawlers', key: '192.0.2.1', value: 'google' }]]);
  atMs = 25 * 3_600_000;
  await keeper.turn();
  expect(asked).toBe(40);
});

it('files of networks are read when they change; one that cannot be read leaves what it said', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-crawlers-'));
  const known: (readonly MapEntry[])[] = [];
  const keeper = new CrawlerKeeper({
    folder,
    dns,
    ask: () => Promise.resolve(''),
    log: pino({ level: 'silent' }),
    nowMs: () => 0,
    onKnown: (entries) => known.push(entries),
  });
  try {
    writeFileSync(join(folder, 'Example-Bot.txt'), '# theirs\n192.0.2.0/25\n2001:db8::/40 # six\n');
    writeFileSync(join(folder, 'other.json'), '{"creationTime":"x","prefixes":[{"ipv4Prefix":"198.51.100.0/27"}]}');
    await keeper.turn();
    expect(known.at(-1)?.map(({ key, value }) => `${key} ${value}`)).toEqual([
      '192.0.2.0/25 example-bot',
      '198.51.100.0/27 other',
      '2001:db8::/40 example-bot',
    ]);
    writeFileSync(join(folder, 'other.json'), '{"prefixes":[{"ipv4Prefix":"0.0.0.0/0"}]}');
    await keeper.turn();
    expect(known).toHaveLength(1);
    rmSync(join(folder, 'other.json'));
    await keeper.turn();
    expect(known.at(-1)).toHaveLength(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('a line that is no network, or frees everybody, refuses the file', () => {
  expect(() => readCrawlerFile('192.0.2.0/24\nnot a network')).toThrow('“not a network”');
  expect(() => readCrawlerFile('0.0.0.0/0')).toThrow('too wide');
});
