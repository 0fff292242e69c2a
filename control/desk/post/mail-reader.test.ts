/** Large mails are read apart, a bounded number at once, and hold up neither smaller ones nor danger@. */
import { expect, it } from 'vitest';
import { openMailReader } from './mail-reader.ts';
import { readBroken } from './read-mail.ts';

const mebibyte = 1024 * 1024;
const mail = (name: string, bytes: number) =>
  Buffer.from(`From: a@mail.example\r\nSubject: ${name}\r\n\r\n`.padEnd(bytes, 'ab cd\r\n'));

it('a mail of 25 MiB holds up neither a smaller one to the same mailbox nor one to another, and at most four are read at once', async () => {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const nameOf = (raw: Buffer) => /Subject: (.*)\r/.exec(raw.subarray(0, 200).toString())?.[1] ?? '';
  const read = openMailReader({
    apart: (raw) => {
      const name = nameOf(raw);
      begun.push(name);
      return new Promise((resolve) => ends.set(name, () => resolve(readBroken(raw))));
    },
  });
  const done: string[] = [];
  const reading = (name: string, bytes: number, to: 'danger' | 'other') =>
    read(mail(name, bytes), to).then(() => void done.push(name));
  const all = [
    reading('huge', 25 * mebibyte, 'danger'),
    reading('huge too', 25 * mebibyte, 'danger'),
    reading('large', 200 * 1024, 'danger'),
    reading('large too', 200 * 1024, 'danger'),
    reading('huge to others', 25 * mebibyte, 'other'),
    reading('large to others', 200 * 1024, 'other'),
  ];
  // What is small is read here, whatever else is being read.
  await reading('small', 1024, 'danger');
  expect(done).toEqual(['small']);
  expect(begun.toSorted()).toEqual(['huge', 'huge to others', 'large', 'large to others']);
  ends.get('large')?.();
  await all[2];
  ends.get('large to others')?.();
  await all[5];
  expect(done).toEqual(['small', 'large', 'large to others']);
  expect(begun.slice(4)).toEqual(['large too']);
  for (const name of ['huge', 'large too', 'huge to others']) ends.get(name)?.();
  await all[0];
  expect(begun.slice(5)).toEqual(['huge too']);
  ends.get('huge too')?.();
  await Promise.all(all);
});
