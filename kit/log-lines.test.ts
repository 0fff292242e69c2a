import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { logLines } from './log-lines.ts';

it('lines are written as they come', () => {
  const folder = mkdtempSync(join(tmpdir(), 'log-lines-'));
  try {
    const fd = openSync(join(folder, 'log'), 'a');
    const lines = logLines(fd);
    lines.write('one\n');
    lines.write('zwölf\n');
    closeSync(fd);
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('one\nzwölf\n');
    // The descriptor is gone: a line that cannot be written is nobody's trouble.
    lines.write('three\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('a full disk drops lines, ends nothing, and the first line that fits again says how many were lost', () => {
  let full = true;
  const written: string[] = [];
  const lines = logLines(2, (text) => {
    if (full) throw new Error('ENOSPC: no space left on device');
    written.push(text);
  });
  for (const line of ['a\n', 'b\n', 'c\n']) lines.write(line);
  full = false;
  lines.write('d\n');
  lines.write('e\n');
  expect(written).toHaveLength(3);
  expect(JSON.parse(written[0] ?? '')).toMatchObject({ level: 40, dropped: 3 });
  expect(written.slice(1)).toEqual(['d\n', 'e\n']);
});
