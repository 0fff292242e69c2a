/**
 * A full disk under everything at once: database, disk copy, logs. On a small file system in memory, filled to the last byte.
 *
 * Mounting one needs root; where that is not allowed the test says so and is left out. Database and disk copy also have tests of
 * their own with a disk that only pretends (tests/agent-policy.test.ts).
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSite, listSites } from '../contract/routes/sites.ts';
import { ApiRefusal } from './harness/api.ts';
import { startEcho } from './harness/echo.ts';
import type { Echo } from './harness/echo.ts';
import { removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { startProvider } from './harness/provider.ts';
import type { Provider } from './harness/provider.ts';
import { visit } from './harness/visitor.ts';

const folder = temporaryFolder('disk');
const small = path.join(folder, 'small');
const filling = path.join(small, 'filling');

function mountSmall(): boolean {
  mkdirSync(small);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', small], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Writes until not one byte more fits. */
function fill(): void {
  for (const size of [256 * 1024, 4096, 1]) {
    try {
      for (;;) appendFileSync(filling, Buffer.alloc(size));
    } catch {
      // No space left for this size: go on with a smaller one.
    }
  }
}

const mounted = mountSmall();

let origin: Echo;
let provider: Provider;

beforeAll(async () => {
  if (!mounted) return;
  [origin, provider] = await Promise.all([startEcho(), startProvider({ state: path.join(small, 'state') })]);
}, 120_000);

afterAll(async () => {
  await provider?.stop();
  await origin?.stop();
  if (mounted) execFileSync('umount', [small]);
  removeFolder(folder);
}, 60_000);

describe.skipIf(!mounted)('with a full disk (needs the right to mount)', () => {
  it('the last good state stays in force, refusals are clear, and what was acknowledged is there when there is room again', async () => {
    await provider.protect('before.example', origin.port);
    const pids = async () => {
      const { control, edge, haproxy } = await provider.members();
      return [...control, ...edge, ...haproxy].map((one) => one.pid).sort();
    };
    const running = await pids();
    fill();

    const acknowledged: string[] = [];
    const refusals = new Set<string>();
    await until(
      'the database refuses a site',
      async () => {
        const hostname = `during-${acknowledged.length}.example`;
        try {
          await provider.operator.call(addSite, {
            body: { hostnames: [hostname], origin: `http://127.0.0.1:${origin.port}`, waiveOwnership: true },
          });
          acknowledged.push(hostname);
        } catch (error) {
          if (!(error instanceof ApiRefusal)) throw error;
          refusals.add(error.problem?.code ?? String(error.status));
        }
        return refusals.size > 0;
      },
      { everyMs: 0 },
    );
    expect([...refusals]).toEqual(['store-down']);
    expect((await visit({ port: provider.edge.http, host: 'before.example' })).status).toBe(200);

    rmSync(filling);
    await provider.protect('after.example', origin.port);
    const { items } = await provider.operator.call(listSites, { query: { limit: 500 } });
    const there = items.flatMap((site): string[] => site.hostnames);
    for (const hostname of ['before.example', ...acknowledged, 'after.example']) {
      expect(there).toContain(hostname);
      expect((await visit({ port: provider.edge.http, host: hostname })).status, hostname).toBe(200);
    }
    expect(await pids()).toEqual(running);
  }, 90_000);
});
