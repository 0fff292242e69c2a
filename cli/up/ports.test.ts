import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { portOwner, portTroubles } from './ports.ts';

const nobody = (): boolean => false;

async function withTakenPort(use: (port: number) => Promise<void>): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    await use(typeof address === 'object' && address !== null ? address.port : 0);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('ports', () => {
  it('that are taken are told in one sentence: which, for what, by whom, and the flag that chooses another', async () => {
    await withTakenPort(async (port) => {
      expect(portOwner(port)?.pid).toBe(process.pid);
      const [sentence, ...more] = await portTroubles(
        [{ what: 'the edge’s http', flag: '--http-port', address: '127.0.0.1', port }],
        nobody,
      );
      expect(more).toEqual([]);
      expect(sentence).toContain(`Port ${port}, wanted for the edge’s http, is taken by `);
      expect(sentence).toContain(`(process ${process.pid}). Stop it, or choose another with --http-port <port>.`);
    });
  });

  it('that one’s own, left-over proxy has may stay with it', async () => {
    await withTakenPort(async (port) => {
      const wanted = [{ what: 'the edge’s http', flag: '--http-port', address: '127.0.0.1', port }];
      expect(await portTroubles(wanted, ({ pid }) => pid === process.pid)).toEqual([]);
    });
  });

  it('that are wanted twice, or of an address that is not here, are told as well', async () => {
    const sentences = await portTroubles(
      [
        { what: 'one', flag: '--one', address: '127.0.0.1', port: 65_001 },
        { what: 'two', flag: '--two', address: '0.0.0.0', port: 65_001 },
        { what: 'three', flag: '--three', address: '192.0.2.1', port: 65_002 },
      ],
      nobody,
    );
    expect(sentences).toEqual([
      'Port 65001 is wanted twice: for one and for two. Choose another with --two <port>.',
      'This machine has no address 192.0.2.1, wanted for three. Give one of its own with --address.',
    ]);
  });
});
