import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serverSentData } from './server-sent-events.ts';

async function* chunks(text: string, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size = 7): Promise<string[]> {
  const events: string[] = [];
  for await (const data of serverSentData(chunks(text, size))) events.push(data);
  return events;
}

describe('server-sent events', () => {
  it('reads data lines, joins several, and skips comments, names and ids', async () => {
    expect(await read(': hello\n\nevent: x\nid: 1\ndata: one\n\ndata: two\ndata:three\n\n')).toEqual(['one', 'two\nthree']);
  });

  it('reads all three line ends, and drops an event that the end cuts off', async () => {
    expect(await read('data: a\r\n\r\ndata: b\n\ndata: c\r\rdata: d')).toEqual(['a', 'b', 'c']);
  });

  it('does not depend on how the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text))),
        fc.integer({ min: 1, max: 20 }),
        async (events, size) => {
          expect(await read(events.map((data) => `data: ${data}\r\n\r\n`).join(''), size)).toEqual(events);
        },
      ),
    );
  });

  it('refuses an event without end', async () => {
    await expect(read(`data: ${'x'.repeat(2 << 20)}`, 1 << 16)).rejects.toThrow(RangeError);
  });
});
