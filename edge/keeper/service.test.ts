import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { expect, it } from 'vitest';
import { Forms } from './forms.ts';
import { createKeeper } from './service.ts';

it('a body that comes too slowly, is broken off or comes without a word of HAProxy’s is not kept, and leaves its room', async () => {
  const forms = new Forms(() => 0);
  const keeper = createKeeper({ forms, inner: { http: '/nowhere.sock', https: null }, bodyLimitMs: 100 });
  const server = createServer(keeper.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const told = {
    'portcullis-do': 'keep',
    'portcullis-site': 'site_000000000001',
    'portcullis-network': 'c0000200',
    'portcullis-limit': '100',
  };
  const send = (
    headers: Record<string, string>,
    how: (write: (text: string) => void, end: () => void, cut: () => void) => void,
  ) =>
    new Promise<IncomingHttpHeaders | 'cut'>((resolve) => {
      const sent = request(
        { port, method: 'POST', path: '/a', headers: { host: 'forum.example', ...headers }, agent: false },
        (answer) => {
          answer.resume();
          resolve(answer.headers);
        },
      );
      sent.on('error', () => resolve('cut'));
      how(
        (text) => sent.write(text),
        () => sent.end(),
        () => sent.destroy(),
      );
    });
  try {
    const slow = await send(told, (write) => write('a'));
    expect(slow).toMatchObject({ 'portcullis-unkept': 'unkept', connection: 'close' });
    const long = await send(told, (write) => write('a'.repeat(101)));
    expect(long).toMatchObject({ 'portcullis-unkept': 'long' });
    const wordless = await send({ 'portcullis-do': 'keep' }, (_write, end) => end());
    expect(wordless).toMatchObject({ 'portcullis-unkept': 'unkept' });
    const gone = await send(told, (write, _end, cut) => {
      write('a');
      setTimeout(cut, 20);
    });
    expect(gone).toBe('cut');
    const whole = await send(told, (write, end) => {
      write('a=1');
      end();
    });
    const ticket = whole === 'cut' ? '' : String(whole['portcullis-kept']);
    // HAProxy is not there: nothing left, so it can be sent again.
    const deliver = { 'portcullis-do': 'send', 'portcullis-site': 'site_000000000001', 'portcullis-ticket': ticket };
    const where = { 'portcullis-scheme': 'http', 'portcullis-address': '192.0.2.1' };
    for (let round = 0; round < 2; round += 1)
      expect(await send({ ...deliver, ...where }, (_write, end) => end())).toMatchObject({ 'portcullis-form': 'again' });
    expect(forms.held.forms).toBe(1);
    expect(forms.held.bytes).toBeLessThan(500);
  } finally {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});
