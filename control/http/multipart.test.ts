/** Forms as browsers send them, and as nobody should. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from './failure.ts';
import { readForm } from './multipart.ts';

const limits = { fieldsBytes: 10_000, fileBytes: 1000, filesBytes: 2500, files: 3 };

/** A request whose body comes in pieces of these sizes, again and again. */
function cut(body: Buffer, type: string, sizes: readonly number[]): Request {
  const pieces: Uint8Array[] = [];
  for (let at = 0, n = 0; at < body.byteLength; n += 1) {
    const size = Math.max(1, sizes[n % sizes.length] ?? 1);
    pieces.push(new Uint8Array(body.subarray(at, at + size)));
    at += size;
  }
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
  return new Request('http://localhost/', { method: 'POST', body: stream, headers: { 'content-type': type }, duplex: 'half' });
}

async function encoded(form: FormData): Promise<{ body: Buffer; type: string }> {
  const request = new Request('http://localhost/', { method: 'POST', body: form });
  return { body: Buffer.from(await request.arrayBuffer()), type: request.headers.get('content-type') ?? '' };
}

describe('a form', () => {
  it('says the same in whatever pieces it arrives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' })), { maxLength: 5 }),
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 3 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }),
        async (texts, files, sizes) => {
          const form = new FormData();
          for (const [name, value] of texts) form.append(name, value);
          for (const [n, bytes] of files.entries()) form.append('file', new File([new Uint8Array(bytes)], `${n}.bin`));
          const { body, type } = await encoded(form);
          const read = await readForm(cut(body, type, sizes), limits);
          // Browsers send line breaks as CRLF, in names and in values.
          const lines = (text: string) => text.replaceAll(/\r\n?|\n/g, '\r\n');
          const wanted = new Map<string, string>();
          for (const [name, value] of texts) if (!wanted.has(lines(name))) wanted.set(lines(name), lines(value));
          expect(read.fields).toEqual(wanted);
          expect(read.files.map((file) => Buffer.from(file.bytes))).toEqual(files.map((bytes) => Buffer.from(bytes)));
          expect(read.leftOut).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('keeps its words when a file is too large, one too many, or all are together', async () => {
    const form = new FormData();
    form.append('words', 'kept');
    form.append('file', new File([new Uint8Array(1001)], 'large'));
    for (const n of [1, 2, 3]) form.append('file', new File([new Uint8Array(900).fill(n)], `${n}`));
    form.append('file', new File(['small'], '4'));
    form.append('file', new File(['small'], '5'));
    form.append('after', 'kept too');
    const { body, type } = await encoded(form);
    const read = await readForm(cut(body, type, [777]), limits);
    expect([...read.fields]).toEqual([
      ['words', 'kept'],
      ['after', 'kept too'],
    ]);
    expect(read.files.map(({ name }) => name)).toEqual(['1', '2', '4']);
    expect(read.leftOut).toBe(3);
  });

  it('never does anything but answer or refuse in a sentence, whatever arrives', async () => {
    const type = 'multipart/form-data; boundary=xx';
    const bits = ['--xx', '\r\n', '--', 'content-disposition: form-data; name="a"', '; filename="b"', 'x', '\r\n\r\n', '\0', '"'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...bits), { maxLength: 40 }),
        fc.integer({ min: 1, max: 30 }),
        async (parts, size) => {
          const result = await readForm(cut(Buffer.from(parts.join('')), type, [size]), limits).catch((error: unknown) => error);
          if (result instanceof Error) expect(result).toBeInstanceOf(Failure);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is refused when it is cut off, too large, or no form', async () => {
    const form = new FormData();
    form.append('words', 'x'.repeat(9000));
    const { body, type } = await encoded(form);
    const codeOf = async (request: Request) =>
      readForm(request, limits).then(
        () => 'taken',
        (error: unknown) => (error instanceof Failure ? error.code : 'thrown'),
      );
    expect(await codeOf(cut(body, type, [100]))).toBe('taken');
    expect(await codeOf(cut(body.subarray(0, -10), type, [100]))).toBe('bad-request');
    expect(await codeOf(cut(Buffer.alloc(0), type, [1]))).toBe('bad-request');
    expect(await codeOf(cut(Buffer.from('{}'), 'application/json', [1]))).toBe('bad-request');
    form.append('more', 'x'.repeat(9000));
    const more = await encoded(form);
    expect(await codeOf(cut(more.body, more.type, [100]))).toBe('too-large');
  });

  it('takes broken UTF-8 and what a browser encodes in its address form', async () => {
    const body = Buffer.from('text=%FF%E4+ok&text=second&n=%00');
    const read = await readForm(cut(body, 'application/x-www-form-urlencoded', [3]), limits);
    expect(read.fields.get('text')).toBe('\ufffd\ufffd ok');
    expect(read.fields.get('n')).toBe('\0');
  });
});
