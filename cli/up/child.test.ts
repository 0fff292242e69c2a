import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { supervise } from './child.ts';
import type { Supervised } from './child.ts';

let folder: string;
let said: string[];
let children: Supervised[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-child-'));
  said = [];
  children = [];
});

afterEach(async () => {
  for (const child of children) await child.stop(100);
  rmSync(folder, { recursive: true, force: true });
});

/** A child that runs a few lines of JavaScript; its starts are counted in a file. */
function start(script: string): Supervised {
  const file = join(folder, 'child.mjs');
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs';\nappendFileSync(${JSON.stringify(join(folder, 'starts'))}, process.pid + '\\n');\n${script}`,
  );
  const child = supervise({
    role: 'edge',
    execPath: process.execPath,
    args: [file],
    env: process.env,
    logFile: join(folder, 'log'),
    isReady: (message) => message === 'ready',
    say: (sentence) => said.push(sentence),
  });
  children.push(child);
  return child;
}

function starts(): number[] {
  return readFileSync(join(folder, 'starts'), 'utf8').trim().split('\n').map(Number);
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`it did not come to hold; it was said: ${said.join(' ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const stays = "process.send('ready'); process.on('disconnect', () => process.exit(0)); setInterval(() => {}, 1000);";

describe('a supervised role', () => {
  it('is started again after it was killed outright, and stops when it is told to', async () => {
    const child = start(stays);
    await child.ready;
    for (let round = 1; round <= 3; round += 1) {
      process.kill(starts().at(-1) ?? 0, 'SIGKILL');
      await until(
        () => starts().length === round + 1 && said.filter((sentence) => sentence.includes('is back')).length === round,
      );
    }
    const last = starts().at(-1) ?? 0;
    await child.stop(5000);
    expect(() => process.kill(last, 0)).toThrow();
    expect(said[0]).toContain('ended (SIGKILL) and is started again');
  });

  it('that ends before it was ready is not started again, and its last words are told', async () => {
    const child = start(
      "console.error(JSON.stringify({ level: 60, msg: 'The database is of a newer version.' })); process.exit(3);",
    );
    await expect(child.ready).rejects.toThrow(/ended before it was ready \(code 3\)[^]*The database is of a newer version\./);
    expect(starts()).toHaveLength(1);
  });

  it('that does not heed SIGTERM is ended with its whole group', async () => {
    const child = start(`${stays} process.on('SIGTERM', () => {});`);
    await child.ready;
    await child.stop(200);
    expect(() => process.kill(starts()[0] ?? 0, 0)).toThrow();
  });
});
