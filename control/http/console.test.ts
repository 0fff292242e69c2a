/** The built console as it goes over the wire. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { serve } from '@hono/node-server';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, expect, it } from 'vitest';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { registerConsole } from './console.ts';

const cleaning: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleaning.splice(0)) clean();
});

it('scripts are sent compressed to who can read them, and a path leads to no file outside the folder', async () => {
  const folder = temporaryFolder('console-files');
  cleaning.push(() => removeFolder(folder));
  mkdirSync(`${folder}/dist/assets`, { recursive: true });
  writeFileSync(`${folder}/dist/index.html`, '<!doctype html><title>Console</title>');
  writeFileSync(`${folder}/dist/assets/app-1.js`, 'export const word = "gate";\n'.repeat(2000));
  writeFileSync(`${folder}/secret.txt`, 'not for visitors');
  const app = new Hono<{ Bindings: HttpBindings }>();
  registerConsole(app, `${folder}/dist`, 'http://localhost:1');
  const port = await new Promise<number>((resolve) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, (info) => resolve(info.port));
    cleaning.push(() => server.close());
  });
  const ask = (path: string, encoding: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'accept-encoding': encoding } });

  const packed = await ask('/console/assets/app-1.js', 'gzip');
  expect(packed.headers.get('content-encoding')).toBe('gzip');
  expect(packed.headers.get('vary')).toMatch(/accept-encoding/i);
  expect(packed.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect((await packed.text()).length).toBe(56_000);
  const plain = await ask('/console/assets/app-1.js', 'identity');
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect((await plain.text()).length).toBe(56_000);
  for (const path of ['/console/..%2fsecret.txt', '/console/assets/..%2f..%2fsecret.txt', '/console/%2e%2e/secret.txt']) {
    expect(await (await ask(path, 'identity')).text()).not.toContain('not for visitors');
  }
});
