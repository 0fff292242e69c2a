/** House rules that a machine can check (CONTRIBUTING.md says why each is there). An exception names its file here, with its reason. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorTable } from '../contract/errors.ts';
import { commonErrors, signedInErrors } from '../contract/routes/route.ts';
import { checkout } from './harness/program.ts';
import { readSources } from './harness/sources.ts';

const sources = readSources();

describe('every source file', () => {
  it('opens with what it is for', () => {
    const without = sources.filter(({ test, text }) => !test && !/^(#!.*\n)?\/\*\*\s*\S/.test(text)).map(({ file }) => file);
    expect(without).toEqual([]);
  });

  it('has no type that switches checking off, and no word for debts', () => {
    const wrong: string[] = [];
    for (const source of sources) {
      const tell = (start: number, what: string): number => wrong.push(`${source.file}:${source.line(start)} ${what}`);
      source.visit({
        TSAnyKeyword: (node) => tell(node.start, 'any'),
        TSNonNullExpression: (node) => tell(node.start, 'non-null !'),
        TSAsExpression: (node) => {
          if (!/\bas const$/.test(source.text.slice(node.start, node.end)))
            tell(node.start, source.text.slice(node.start, node.end));
        },
        TSTypeAssertion: (node) => tell(node.start, 'a cast'),
      });
      for (const found of source.text.matchAll(/@ts-(ignore|expect-error|nocheck)|\b(TODO|FIXME|XXX)\b/g)) {
        if (source.file !== 'tests/conventions.test.ts') tell(found.index, found[0]);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('rarely passes 400 lines', () => {
    // A list of declarations, one after the other, that nobody reads from end to end.
    const lists = ['contract/routes/identity.ts', 'store/desk/tables.ts'];
    const long = sources
      .filter(({ file, text, test }) => !test && !lists.includes(file) && text.split('\n').length > 450)
      .map(({ file }) => file);
    expect(long).toEqual([]);
  });
});

describe('errors', () => {
  it('that the contract declares are used by somebody, and each is thrown somewhere', () => {
    const thrown = new Set<string>();
    for (const source of sources.filter(({ room, test }) => ['core', 'control', 'store'].includes(room) && !test)) {
      for (const [, code = ''] of source.text.matchAll(/'([a-z]+(?:-[a-z]+)*)'/g)) thrown.add(code);
    }
    expect(Object.keys(errorTable).filter((code) => !thrown.has(code))).toEqual([]);
  });

  it('that a route can answer with are all declared', () => {
    const known = Object.keys(errorTable);
    expect([...commonErrors, ...signedInErrors].filter((code) => !known.includes(code))).toEqual([]);
  });
});

describe('the tables of trust and of threats', () => {
  it.each([
    ['ARCHITECTURE.md', '## Trust', 30],
    ['docs/handbook/threats.md', '## To make it act', 50],
  ])('of %s name only tests that exist', (file, from, atLeast) => {
    const table = readFileSync(path.join(checkout, file), 'utf8').split(from)[1] ?? '';
    const named = [...table.matchAll(/"([^"\n]{10,})"/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(atLeast);
    const tests = sources.filter(({ test }) => test).map(({ text }) => text);
    expect(named.filter((name) => !tests.some((text) => text.includes(name)))).toEqual([]);
  });
});

describe('docs/handbook/settings.md', () => {
  it('lists every variable of the environment that a program reads, and no other', () => {
    const rooms = ['control', 'edge', 'captcha', 'cli', 'store', '.'];
    const read = new Set<string>();
    for (const source of sources.filter(({ room, test }) => rooms.includes(room) && !test)) {
      for (const [name] of source.text.matchAll(/\bPORTCULLIS_[A-Z0-9_]+|\bDATABASE_URL\b/g)) read.add(name);
    }
    const settings = readFileSync(path.join(checkout, 'docs', 'handbook', 'settings.md'), 'utf8');
    const listed = new Set([...settings.matchAll(/`(PORTCULLIS_[A-Z0-9_]+|DATABASE_URL)`/g)].map(([, name = '']) => name));
    expect([...listed].sort()).toEqual([...read].sort());
  });
});

describe('the checkout', () => {
  const unbuilt = filesBelow('.');

  it('names no path of the machine it was written on', () => {
    const text = /\.(ts|tsx|mjs|md|json|css|html|sql|cfg|sh|service|yml)$|^portcullis$|^\.ci\//;
    const paths = new RegExp(['/work', '/root', '/home/[a-z]'].map((start) => `${start}/`).join('|'));
    const wrong = unbuilt.filter(
      (file) =>
        text.test(file) && file !== 'tests/conventions.test.ts' && paths.test(readFileSync(path.join(checkout, file), 'utf8')),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps migrations in numbered files without a gap, each opening with a sentence', () => {
    const folder = path.join(checkout, 'store', 'migrations');
    const files = readdirSync(folder)
      .filter((name) => name.endsWith('.sql'))
      .sort();
    expect(files.map((name) => Number(name.slice(0, 6)))).toEqual(files.map((_, index) => index + 1));
    for (const name of files) expect(readFileSync(path.join(folder, name), 'utf8')).toMatch(/^-- [A-Z].*[.:]/);
  });
});

function filesBelow(folder: string): string[] {
  const built = ['.git', 'node_modules', 'dist', '.portcullis', '.cache'];
  return readdirSync(path.join(checkout, folder)).flatMap((name) => {
    const file = path.join(folder, name);
    if (built.includes(name)) return [];
    return statSync(path.join(checkout, file)).isDirectory() ? filesBelow(file) : [file];
  });
}
