/** The arrows between rooms, as ARCHITECTURE.md draws them, and the purity of `core` and `contract`. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSources, rooms } from './harness/sources.ts';
import type { Room, Source } from './harness/sources.ts';

/** What each room may import of ours, beside itself. The one table; ARCHITECTURE.md shows it to people. */
const arrows: Readonly<Record<Room, readonly Room[]>> = {
  contract: [],
  core: ['contract'],
  kit: [],
  store: ['core', 'contract', 'kit'],
  control: ['core', 'contract', 'kit', 'store'],
  edge: ['core', 'contract', 'kit'],
  captcha: ['core', 'contract', 'kit', 'store'],
  cli: ['contract', 'kit'],
  web: ['contract'],
  bench: rooms,
  tests: rooms,
  tools: rooms,
};

/** Packages that pure rooms may use: they only compute. Everything else of the outside is an argument. */
const purePackages: readonly string[] = ['zod', 'ipaddr.js', 'tldts', 'libphonenumber-js'];

const sources = readSources();

/** The room that a relative import leads to; null for packages and Node. */
function roomOf(source: Source, from: string): Room | '.' | null {
  if (!from.startsWith('.')) return null;
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(source.file), from));
  return rooms.find((room) => target.startsWith(`${room}/`)) ?? '.';
}

describe('rooms', () => {
  it('import only what their arrows allow', () => {
    const wrong: string[] = [];
    for (const source of sources) {
      // The top wires roles together; a unit test may use the harness, which is the tests' own room.
      if (source.room === '.') continue;
      const allowed: readonly string[] = [source.room, ...arrows[source.room], ...(source.test ? ['tests'] : [])];
      for (const { from, line } of source.imports) {
        // Its own version is a fact that every program may know.
        const room = from.endsWith('/package.json') ? null : roomOf(source, from);
        if (room !== null && !allowed.includes(room)) wrong.push(`${source.file}:${line} imports ${from} of ${room}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('keep the checker of an edge away from the store: only the provider beside it has one', () => {
    const wrong = sources
      .filter(({ file, test }) => /^captcha\/[^/]+$/.test(file) && !test)
      .flatMap(({ file, imports }) =>
        imports.filter(({ from }) => /store\/|provider\//.test(from)).map(({ from }) => `${file} ${from}`),
      );
    expect(wrong).toEqual([]);
  });

  it('keep SQL in the store: nobody else imports a database library', () => {
    const databases = /^(pg|kysely|@electric-sql\/)/;
    const wrong = sources
      .filter(({ room, test }) => room !== 'store' && room !== 'tests' && !test)
      .flatMap(({ file, imports }) =>
        imports.filter(({ from }) => databases.test(from)).map(({ from, line }) => `${file}:${line} ${from}`),
      );
    expect(wrong).toEqual([]);
  });

  it('keep core and contract pure: no Node, no clock, no chance, and only packages that compute', () => {
    const wrong: string[] = [];
    for (const source of sources.filter(({ room, test }) => (room === 'core' || room === 'contract') && !test)) {
      for (const { from, line } of source.imports) {
        if (!from.startsWith('.') && !purePackages.includes(from)) wrong.push(`${source.file}:${line} imports ${from}`);
      }
      source.visit({
        MemberExpression: (node) => {
          const text = source.text.slice(node.start, node.end);
          if (/^(Date\.now|Math\.random|performance\.now|crypto\.\w+)$/.test(text))
            wrong.push(`${source.file}:${source.line(node.start)} uses ${text}`);
        },
        NewExpression: (node) => {
          const text = source.text.slice(node.start, node.end);
          if (/^new Date(\(\s*\))?$/.test(text)) wrong.push(`${source.file}:${source.line(node.start)} asks the clock: ${text}`);
        },
      });
    }
    expect(wrong).toEqual([]);
  });

  it('have nothing in them that is not a room: the tree is the first page of documentation', () => {
    expect(sources.filter(({ room }) => room === '.').map(({ file }) => file)).toEqual(['portcullis.ts', 'vitest.config.ts']);
  });
});
