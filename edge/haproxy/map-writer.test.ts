import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, removeFolder, temporaryFolder, until, isListening } from '../../tests/harness/ports.ts';
import type { MapEntry, MapName } from '../render/types.ts';
import { MapImage } from './map-image.ts';
import { isCheaperWhole, MapRefused, parseMap, replaceMap, writeChanges } from './map-writer.ts';
import type { MapTarget } from './map-writer.ts';
import { argument, askOnce, RuntimeSocket, SocketDown } from './runtime-socket.ts';

// A HAProxy with the three kinds of map that matter here: exact (hosts), longest prefix (paths), whole numbers (states).
let folder = '';
let haproxy: ChildProcess;
let socketPath = '';
const fileOf = (map: MapName) => join(folder, `${map}.map`);

beforeAll(async () => {
  folder = temporaryFolder('maps');
  socketPath = join(folder, 'admin.sock');
  const port = await freePort();
  for (const map of ['hosts', 'paths', 'states'] as const) writeFileSync(fileOf(map), '');
  writeFileSync(
    join(folder, 'haproxy.cfg'),
    `global
  stats socket ${socketPath} mode 600 level admin
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend f
  bind 127.0.0.1:${port}
  http-request return status 200 hdr a %[path,map_str(${fileOf('hosts')})] hdr b %[path,map_beg(${fileOf('paths')})] hdr c %[path,map_str_int(${fileOf('states')})]
`,
  );
  haproxy = spawn('haproxy', ['-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' });
  await until('HAProxy listens', () => isListening(port));
});
afterAll(() => {
  haproxy.kill('SIGKILL');
  removeFolder(folder);
});

async function withImage(test: (image: MapImage, target: MapTarget) => Promise<void>): Promise<void> {
  const image = new MapImage(['states', 'paths', 'hosts']);
  const socket = await RuntimeSocket.open(socketPath);
  const target = { socket, image, fileOf, ask: (command: string) => askOnce(socketPath, command) };
  for (const map of image.mapNames) await replaceMap(target, map);
  await test(image, target);
  socket.close();
}

const held = async (map: MapName) =>
  [...parseMap(await askOnce(socketPath, `show map ${fileOf(map)}`))].map(([key, value]) => `${key} ${value}`).sort();
const meant = (image: MapImage, map: MapName) => [...image.entries(map)].map(({ key, value }) => `${key} ${value}`).sort();

describe('map writer', () => {
  it('makes HAProxy hold what is meant, whatever characters keys and values have', async () => {
    const key = fc.string({ unit: fc.constantFrom(...'ab/;|\\"\'<%[]{}.é'), minLength: 1, maxLength: 8 });
    const value = fc
      .string({ unit: fc.constantFrom(...'ab ;|\\"\'<>%[],=ü'), minLength: 1, maxLength: 20 })
      .filter((text) => text.trim() === text);
    const step = fc.array(fc.record({ map: fc.constantFrom<MapName>('hosts', 'paths'), key, value }), { maxLength: 6 });
    await withImage(async (image, target) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
          for (const entries of steps) await writeChanges(target, image.replace('owner', entries satisfies MapEntry[]));
          expect(await held('hosts')).toEqual(meant(image, 'hosts'));
          expect(await held('paths')).toEqual(meant(image, 'paths'));
        }),
        { numRuns: 60 },
      );
    });
  });

  it('does not let a value give commands', async () => {
    await withImage(async (image, target) => {
      const evil = 'x;del map #0 k;shutdown frontend f';
      await writeChanges(target, image.replace('a', [{ map: 'hosts', key: 'k', value: evil }]));
      await writeChanges(target, image.replace('a', [{ map: 'hosts', key: 'k', value: `${evil};` }]));
      expect(await held('hosts')).toEqual([`k ${evil};`]);
      expect(argument('a b;c\\d<<')).toBe('a\\ b\\;c\\\\d\\<\\<');
      expect(() => argument('a\nb')).toThrow(RangeError);
    });
  });

  it('does not take a longer or shorter prefix for the key that it looks up', async () => {
    await withImage(async (image, target) => {
      const entry = (key: string, value: string): MapEntry => ({ map: 'paths', key, value });
      await writeChanges(target, image.replace('a', [entry('s|/', '1'), entry('s|/x/', '2')]));
      await writeChanges(target, image.replace('a', [entry('s|/', '1'), entry('s|/x/y/', '3')]));
      expect(await held('paths')).toEqual(['s|/ 1', 's|/x/y/ 3']);
    });
  });

  it('removes every copy of a key, and never adds a second one', async () => {
    await withImage(async (image, target) => {
      await target.socket.payload(`add map ${fileOf('hosts')}`, ['k stale', 'k older']);
      await writeChanges(target, image.replace('a', [{ map: 'hosts', key: 'k', value: 'new' }]));
      expect(new Set(await held('hosts'))).toEqual(new Set(['k new']));
      await writeChanges(target, image.replace('a', []));
      expect(await held('hosts')).toEqual([]);
    });
  });

  it('says that an entry was refused, when HAProxy says so, and when it would drop it in silence', async () => {
    await withImage(async (image, target) => {
      const number = (value: string): MapEntry[] => [{ map: 'states', key: 'k', value }];
      await expect(writeChanges(target, image.replace('a', number('abc')))).rejects.toThrow(MapRefused);
      await replaceMap({ ...target, image: new MapImage(['states']) }, 'states');
      const silent = image.replace('b', [{ map: 'hosts', key: 'k', value: 'v'.repeat(17_000) }]);
      await expect(writeChanges(target, silent)).rejects.toThrow('too long for HAProxy');
    });
  });

  it('replaces a large map as a whole, and leaves the old one when an entry is refused', async () => {
    await withImage(async (image, target) => {
      const many = (count: number, value: string) =>
        Array.from({ length: count }, (_, index): MapEntry => ({
          map: 'hosts',
          key: `h${index}.example`,
          value: `${value}${index}`,
        }));
      const changes = image.replace('a', many(20_000, 'v'));
      expect(isCheaperWhole(changes, image.size('hosts'))).toBe(true);
      await writeChanges(target, changes);
      expect((await held('hosts')).length).toBe(20_000);
      await writeChanges(target, image.replace('a', many(100, 'w')));
      expect(await held('hosts')).toEqual(meant(image, 'hosts'));
      const states = image.replace(
        'b',
        [...Array(200).keys()].map((n): MapEntry => ({ map: 'states', key: `k${n}`, value: n === 150 ? 'no' : '1' })),
      );
      expect(isCheaperWhole(states, 200)).toBe(true);
      await expect(writeChanges(target, states)).rejects.toThrow('refused an entry of the map states');
      expect(await held('states')).toEqual([]);
    });
  });

  it('goes down with a sentence when HAProxy does not answer in time', async () => {
    const socket = await RuntimeSocket.open(socketPath, 300);
    haproxy.kill('SIGSTOP');
    await expect(socket.command('show info')).rejects.toThrow('did not answer on its admin socket within 300 ms');
    haproxy.kill('SIGCONT');
    await expect(socket.command('show info')).rejects.toThrow(SocketDown);
    await expect(askOnce(join(folder, 'nobody.sock'), 'show info')).rejects.toThrow(SocketDown);
  });
});
