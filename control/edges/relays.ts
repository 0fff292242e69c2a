/**
 * The relays of this process: their links, and what is written down of them.
 *
 * Edges behind them are handed on as streams like all others. A revoked relay loses its link at once; an edge that is revoked makes the keys of
 * frames new.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { RelayId } from '../../contract/ids.ts';
import { IpAddress } from '../../contract/network.ts';
import { maxLinkBytes } from '../../contract/relay.ts';
import type { SignText } from '../../kit/ed25519.ts';
import { Serial } from '../../kit/serial.ts';
import { markRelayAway, markRelayLinked } from '../../store/relays.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import type { EdgeSocket } from './edge-socket.ts';
import { FrameSeals } from './frame-seals.ts';
import { serveLink } from './relay-link.ts';
import type { Link, Linked } from './relay-link.ts';

export type RelayLinks = {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): Promise<void>;
};

type Serve = (socket: EdgeSocket, way: { readonly address: string; readonly relayId: RelayId }) => void;

const aliveCheckMs = 10_000;
const seenMs = 5000;

export function openRelayLinks(deps: ControlDeps, sign: SignText, serve: Serve): RelayLinks {
  const { store, log } = deps;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxLinkBytes, perMessageDeflate: false });
  const links = new Set<Link>();
  const byRelay = new Map<RelayId, { readonly link: Link; readonly relay: Linked }>();
  const seals = new FrameSeals();
  const writing = new Serial();

  function note(work: () => Promise<void>): void {
    writing.run(work).catch((error: unknown) => log.warn({ err: error }, 'how a relay fares could not be written down'));
  }
  function noteLinked({ relayId, version }: Linked): void {
    note(() => markRelayLinked(store.db, { relayId, process: deps.processName, at: nowOf(deps), version }));
  }

  function onLinked(relay: Linked, link: Link): void {
    byRelay.get(relay.relayId)?.link.end('replaced', 'A newer link of the same relay was opened.');
    byRelay.set(relay.relayId, { link, relay });
    log.info({ relayId: relay.relayId }, 'relay linked');
    noteLinked(relay);
  }

  function onClosed(relay: Linked | null, link: Link): void {
    links.delete(link);
    if (relay === null || byRelay.get(relay.relayId)?.link !== link) return;
    byRelay.delete(relay.relayId);
    log.info({ relayId: relay.relayId }, 'relay went away');
    note(() => markRelayAway(store.db, relay.relayId, deps.processName, nowOf(deps)));
  }

  const stops = [
    store.doorbell.onRing('relay-revoked', (text) => {
      const relayId = RelayId.safeParse(text);
      if (relayId.success) byRelay.get(relayId.data)?.link.end('revoked', 'An operator has revoked this relay.');
    }),
    store.doorbell.onRing('edge-revoked', () => seals.renew()),
  ];
  const timers = [
    setInterval(() => {
      for (const link of links) link.checkAlive();
    }, aliveCheckMs),
    setInterval(() => {
      for (const { relay } of byRelay.values()) noteLinked(relay);
    }, seenMs),
  ];

  return {
    upgrade(request, socket, head) {
      sockets.handleUpgrade(request, socket, head, (opened) => {
        const link = serveLink(opened, {
          ...{ store, log, sign, seals, onLinked, onClosed },
          onEdge: (edge, { relayId }, told) => {
            const address = IpAddress.safeParse(told);
            serve(edge, { relayId, address: address.success ? address.data : 'unknown' });
          },
        });
        links.add(link);
      });
    },
    async close() {
      for (const stop of stops) stop();
      for (const timer of timers) clearInterval(timer);
      for (const link of links) link.end('stopping', 'This control plane stops. Try again.');
      await writing.idle();
      sockets.close();
    },
  };
}
