/** Forms that take no files hold none: a flood of large uploads there needs no place and no memory. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startControlHouse } from '../../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../../tests/harness/control-house.ts';
import { removeFolder, temporaryFolder } from '../../../tests/harness/ports.ts';
import { embeddedAddress } from '../../../tests/harness/stores.ts';

let house: ControlHouse;
let folder: string;
beforeAll(async () => {
  folder = temporaryFolder('report-memory');
  house = await startControlHouse(await embeddedAddress(folder));
}, 120_000);
afterAll(async () => {
  await house?.stop();
  removeFolder(folder);
});

it('the fast lane and the field for a private link refuse a large upload at once, and take words', async () => {
  for (const [path, taken] of [
    ['/report/now', 201],
    ['/report/status/open', 422],
  ] as const) {
    const form = new FormData();
    form.set('text', 'Somebody waits in front of the house now.');
    form.set('link', 'not a link');
    const words = await fetch(`${house.url()}${path}`, { method: 'POST', body: form, redirect: 'manual' });
    expect([path, words.status]).toEqual([path, taken]);
    form.set('files', new Blob([Buffer.alloc(2 * 2 ** 20)]), 'big.bin');
    const large = await fetch(`${house.url()}${path}`, { method: 'POST', body: form, redirect: 'manual' });
    expect([path, large.status]).toEqual([path, 413]);
  }
});
