/** Bodies: what is read is exact, whether its length is announced or not, and control characters are found however they are written. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlainText, readBytes, readJsonBody } from './body.ts';

const headers = { 'content-type': 'application/json' };
const announced = (body: string) =>
  new Request('http://shield.example/', {
    method: 'POST',
    body,
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
  });
const streamed = (body: string) => new Request('http://shield.example/', { method: 'POST', body, headers });

describe('a JSON body', () => {
  it('is refused for a control character or a half character in any text of it, raw or escaped, and else read as it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.boolean(),
        async (value, text, escape) => {
          const whole = { a: [value, { b: text }] };
          const body = JSON.stringify(whole);
          const sent = escape ? body.replace(/[\x7f-\x9f]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`) : body;
          const plain = textsOf(JSON.parse(body)).every(isPlainText);
          for (const request of [announced(sent), streamed(sent)]) {
            const read = readJsonBody(request);
            if (plain) expect(await read).toEqual(JSON.parse(body));
            else await expect(read).rejects.toThrow('control characters');
          }
        },
      ),
    );
  });

  it('that is nested deeper than calls can be is looked through all the same', async () => {
    const deep = `${'['.repeat(200_000)}"\\u0007"${']'.repeat(200_000)}`;
    await expect(readJsonBody(announced(deep))).rejects.toThrow('control characters');
  });

  it('is refused when it is larger than it may be, whatever it announced', async () => {
    const large = 'x'.repeat(2000);
    for (const length of ['10', '2000', 'NaN']) {
      const request = new Request('http://shield.example/', {
        method: 'POST',
        body: large,
        headers: { ...headers, 'content-length': length },
      });
      await expect(readBytes(request, 1000)).rejects.toThrow('at most');
    }
    await expect(readBytes(streamed(large), 1000)).rejects.toThrow('at most');
  });
});

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
