/** What a relay counts, and where it is read: `/metrics` on an address of its own, because edges' door is open to the world. */
import { createServer } from 'node:http';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { OfficeCounts } from './office.ts';

export type RelayMetrics = { readonly registry: Registry; readonly counts: OfficeCounts };

export function createRelayMetrics(): RelayMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'portcullis_relay_' });
  const edges = new Gauge({ name: 'portcullis_relay_edges', help: 'Edges whose stream comes through here.', registers });
  const linked = new Gauge({ name: 'portcullis_relay_linked', help: '1: linked to the control plane.', registers });
  const copies = new Gauge({ name: 'portcullis_relay_copies', help: 'Frames that are kept to be handed out.', registers });
  const carried = new Counter({
    name: 'portcullis_relay_carried_bytes_total',
    help: 'Bytes of edges’ streams, by way.',
    labelNames: ['way'],
    registers,
  });
  return {
    registry,
    counts: {
      edges: (count) => edges.set(count),
      linked: (is) => linked.set(is ? 1 : 0),
      copies: (count) => copies.set(count),
      carried: (way, bytes) => carried.inc({ way }, bytes),
    },
  };
}

/** Listens for whoever collects; resolves with how to stop. */
export async function listenForRelayMetrics(
  at: { readonly address: string; readonly port: number },
  { registry }: RelayMetrics,
): Promise<() => void> {
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== '/metrics') return void response.writeHead(404).end();
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.requestTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.address, resolve);
  });
  return () => {
    server.closeAllConnections();
    server.close();
  };
}
