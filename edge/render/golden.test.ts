/**
 * Golden files: `testdata/NAME.json` in, `NAME.cfg`, `NAME.maps` or `NAME.error` out. `UPDATE=1` writes them anew and removes orphans;
 * a reviewer reads their diff. Every configuration is also given to the installed HAProxy for its own opinion.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { SiteId } from '../../contract/ids.ts';
import { ClearanceKeyPolicy, OrderPolicy, ProviderPolicy, SitePolicy } from '../../contract/policy.ts';
import {
  certificateList,
  mapFile,
  mapNames,
  mergeEntries,
  renderConfig,
  renderGlobal,
  renderPages,
  renderSite,
} from './index.ts';

const folder = new URL('testdata/', import.meta.url);
const update = process.env['UPDATE'] === '1';
const root = '/var/lib/portcullis/edge';
const provider = ProviderPolicy.parse({
  kind: 'provider',
  name: 'Example "Shield" & 100 % Co',
  publicUrl: 'https://shield.example',
});

const Case = z.strictObject({
  plan: z
    .strictObject({
      paths: z.strictObject({
        maps: z.string(),
        pages: z.string(),
        certificates: z.string(),
        adminSocket: z.string(),
        pidFile: z.string(),
        originTrust: z.string(),
      }),
      originCertificate: z.string().optional(),
      ownServers: z.array(z.strictObject({ siteId: SiteId, certificate: z.string() })).optional(),
      captchaSocket: z.string().optional(),
      botSocket: z.string().optional(),
      keeper: z
        .strictObject({
          socket: z.string(),
          inner: z.string(),
          tls: z.strictObject({ socket: z.string(), certificate: z.string() }).nullable(),
        })
        .optional(),
      listeners: z.array(z.strictObject({ scheme: z.enum(['http', 'https']), address: z.string(), port: z.int() })),
      probeSource: z.string(),
      threads: z.union([z.int(), z.literal('auto')]),
      maxConnections: z.int(),
      connectionsPer10s: z.int(),
      connectionsPerClient: z.int(),
      neighbours: z
        .strictObject({ own: z.string(), all: z.array(z.strictObject({ name: z.string(), address: z.string(), port: z.int() })) })
        .optional(),
    })
    .optional(),
  sites: z.array(SitePolicy).optional(),
  orders: z.array(OrderPolicy).optional(),
  keys: z.array(ClearanceKeyPolicy).optional(),
});

function render(text: string): { readonly kind: 'cfg' | 'maps' | 'error'; readonly text: string } {
  const { plan, sites = [], orders = [], keys = [] } = Case.parse(JSON.parse(text));
  if (plan !== undefined) {
    try {
      return { kind: 'cfg', text: renderConfig(plan) };
    } catch (error) {
      return { kind: 'error', text: `${error instanceof Error ? error.message : String(error)}\n` };
    }
  }
  const merged = mergeEntries([...renderGlobal(keys, provider), ...sites.flatMap((site) => renderSite(site, orders, provider))]);
  const blocks = mapNames.flatMap((name) => {
    const lines = [...(merged.get(name) ?? [])].map(([key, value]) => `${key} ${value}\n`).sort();
    return lines.length === 0 ? [] : [`== ${name}\n${lines.join('')}`];
  });
  return { kind: 'maps', text: blocks.join('\n') };
}

const names = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace(/\.json$/, ''));

it.each(names)('%s renders as agreed', (name) => {
  const { kind, text } = render(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
  const file = new URL(`${name}.${kind}`, folder);
  if (update) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
});

it('no golden file is left whose input is gone', () => {
  const orphans = readdirSync(folder).filter((file) => !file.endsWith('.json') && !names.includes(file.replace(/\.[a-z]+$/, '')));
  if (update) for (const orphan of orphans) rmSync(new URL(orphan, folder));
  expect(update ? [] : orphans).toEqual([]);
});

it.each(names.filter((name) => render(readFileSync(new URL(`${name}.json`, folder), 'utf8')).kind === 'cfg'))(
  'HAProxy accepts %s without a warning',
  (name) => {
    const scratch = mkdtempSync(path.join(tmpdir(), 'portcullis-golden-'));
    try {
      for (const one of ['maps', 'pages', 'certificates', 'run']) mkdirSync(`${scratch}/${one}`);
      for (const map of mapNames) writeFileSync(mapFile({ maps: `${scratch}/maps` }, map), '');
      for (const [file, text] of Object.entries(renderPages(provider))) writeFileSync(`${scratch}/pages/${file}`, text);
      const request = [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=forum.example',
      ];
      execFileSync('openssl', [...request, '-keyout', `${scratch}/key`, '-out', `${scratch}/origin-trust.pem`], {
        stdio: 'ignore',
      });
      const pem = `${scratch}/certificates/forum.pem`;
      writeFileSync(pem, readFileSync(`${scratch}/origin-trust.pem`, 'utf8') + readFileSync(`${scratch}/key`, 'utf8'));
      writeFileSync(certificateList({ certificates: `${scratch}/certificates` }), `${pem}\n`);
      writeFileSync(`${scratch}/haproxy.cfg`, readFileSync(new URL(`${name}.cfg`, folder), 'utf8').replaceAll(root, scratch));
      // Not -q, which keeps warnings back.
      const { status, stderr } = spawnSync('haproxy', ['-c', '-f', `${scratch}/haproxy.cfg`], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  },
);
