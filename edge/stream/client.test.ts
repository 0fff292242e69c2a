import { once } from 'node:events';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { EdgeId, Instant, Revision } from '../../contract/ids.ts';
import { FromEdge } from '../../contract/stream.ts';
import type { FromControl } from '../../contract/stream.ts';
import { until } from '../../tests/harness/ports.ts';
import { StreamClient } from './client.ts';

const at = Instant.parse('2026-01-01T00:00:00.000Z');
const digest = '0'.repeat(64);

it('an edge says nothing between its subscription and the first word of the control plane', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const heard: FromEdge['kind'][] = [];
  const sockets: WebSocket[] = [];
  const say = (message: FromControl) => sockets[0]?.send(JSON.stringify(message));
  server.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('message', (data: Buffer) => heard.push(FromEdge.parse(JSON.parse(data.toString('utf8'))).kind));
    say({ kind: 'hello', protocol: 1, nonce: Buffer.alloc(32).toString('base64'), at });
  });
  const client = new StreamClient({
    controlUrl: `http://127.0.0.1:${address.port}`,
    edgeId: EdgeId.parse('edge_0123456789ab'),
    sign: () => Buffer.alloc(64).toString('base64'),
    versions: { agent: '0', haproxy: '2.6' },
    held: () => ({ revision: Revision.parse(0), digest }),
    chance: () => 0.5,
    log: pino({ level: 'silent' }),
    onSubscribed: () => undefined,
    onFrame: () => undefined,
    onHead: () => undefined,
    onReceiptKept: () => undefined,
    onCertificateKey: () => undefined,
    onAsk: () => undefined,
    onInsightWanted: () => undefined,
    onOverLimit: () => undefined,
  });
  try {
    client.start();
    const resync = { kind: 'resync', reason: 'a test' } as const;
    await until('it has subscribed', () => heard.length > 0);
    expect(client.send(resync)).toBe(false);
    say({ kind: 'head', revision: Revision.parse(0), digest, at });
    await until('it may speak', () => client.send(resync));
    await until('it was heard', () => heard.includes('resync'));
    expect(heard).toEqual(['subscribe', 'resync']);
  } finally {
    client.stop();
    for (const socket of sockets) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  }
});
