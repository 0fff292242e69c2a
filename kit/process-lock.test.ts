import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processStartTicks, takeProcessLock } from './process-lock.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-lock-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('process lock', () => {
  it('is refused while its owner lives, and names the owner', () => {
    const path = join(folder, 'lock');
    const first = takeProcessLock(path);
    const second = takeProcessLock(path);
    expect(first.ok).toBe(true);
    expect(second).toEqual({ ok: false, owner: { pid: process.pid, startTicks: processStartTicks(process.pid) } });
    if (first.ok) first.release();
    expect(takeProcessLock(path).ok).toBe(true);
  });

  it('is taken over from an owner that was killed, also when its process id lives again', async () => {
    const path = join(folder, 'lock');
    const child = spawn('sleep', ['60']);
    const ticks = processStartTicks(child.pid ?? 0);
    writeFileSync(path, `${child.pid} ${ticks}\n`);
    expect(takeProcessLock(path).ok).toBe(false);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(takeProcessLock(path).ok).toBe(true);
    writeFileSync(path, `${process.pid} 1\n`);
    expect(takeProcessLock(path).ok).toBe(true);
  });

  it('is taken over from a file that was left empty', () => {
    const path = join(folder, 'lock');
    writeFileSync(path, '');
    expect(takeProcessLock(path).ok).toBe(true);
  });
});
