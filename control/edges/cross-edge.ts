/**
 * Limits across edges, the control plane's part: sums what edges tell and says, once a second and signed, who is over.
 *
 * Held in memory and for seconds only: nothing of it is written down, and a process that dies takes nothing with it but the next second's
 * decisions. Open: edges that are not connected to this process are not in its sums (with several processes, each sums its own edges).
 * An edge is asked by being told how many there are; one that has never told anything is an older one and is sent no decisions.
 * Visitors' addresses pass through here and stand in no log.
 */
import type { Logger } from 'pino';
import { OverLimit } from '../../contract/cross-edge.ts';
import type { Busiest } from '../../contract/cross-edge.ts';
import type { EdgeId, GroupName } from '../../contract/ids.ts';
import type { FromControl } from '../../contract/stream.ts';
import { mostMissed, overLimit } from '../../core/shield/cross-edge.ts';
import { instantOf } from '../../core/instant.ts';
import type { SignText } from '../../kit/ed25519.ts';

type Send = (message: FromControl) => void;

export type CrossEdgeSums = {
  joined(edgeId: EdgeId, group: GroupName, send: Send): void;
  left(edgeId: EdgeId, send: Send): void;
  heard(edgeId: EdgeId, said: Busiest): void;
  /** Sums once; called by itself every second. */
  turn(): void;
  close(): void;
};

type Member = {
  readonly group: GroupName;
  readonly send: Send;
  told: { readonly atMs: number; readonly said: Busiest } | null;
  /** It has told something since it came: it understands. */
  speaks: boolean;
  askedFor: number;
};

const everyMs = 1000;
/** Older than this, what an edge told says nothing about now. */
const freshMs = 3000;

export function openCrossEdge(deps: { sign: SignText; log: Logger; now: () => number }): CrossEdgeSums {
  const members = new Map<EdgeId, Member>();
  let lastAtMs = 0;

  function signed(group: GroupName, edges: number, clients: OverLimit['clients']): FromControl {
    // Strictly later than the one before: edges take each only once.
    lastAtMs = Math.max(deps.now(), lastAtMs + 1);
    const payload = JSON.stringify({ kind: 'over-limit', group, at: instantOf(lastAtMs), edges, clients } satisfies OverLimit);
    return { kind: 'over-limit', payload, signature: deps.sign(payload) };
  }

  function turn(): void {
    const nowMs = deps.now();
    for (const [group, ofGroup] of Map.groupBy(members.values(), (member) => member.group)) {
      const edges = ofGroup.length;
      // A third more or fewer edges changes what is worth telling; an edge that comes or goes among hundreds does not.
      const asked = ofGroup.filter(
        ({ askedFor }) => askedFor !== edges && (askedFor < 4 || Math.abs(edges - askedFor) * 3 > askedFor),
      );
      const fresh = ofGroup.flatMap(({ told }) => (told !== null && nowMs - told.atMs <= freshMs ? [told.said] : []));
      const over = edges > 1 ? overLimit(fresh) : [];
      if (over.length > 0) {
        const missed = Math.ceil(Math.max(...over.slice(0, 10).map((client) => mostMissed(fresh, client))));
        deps.log.info({ group, clients: over.length, edges, missed }, 'clients are over a limit in sum over edges');
      }
      const decided = new Set(over.map(({ siteId, client }) => siteId + client));
      const message =
        over.length > 0 || asked.length > 0
          ? signed(
              group,
              edges,
              over.map(({ siteId, client, rate }) => ({ siteId, client, rate })),
            )
          : null;
      for (const member of ofGroup) {
        // What was decided is not decided again from the same numbers.
        if (member.told !== null && decided.size > 0) {
          const { atMs, said } = member.told;
          const clients = said.clients.filter(({ siteId, client }) => !decided.has(siteId + client));
          member.told = { atMs, said: { ...said, clients } };
        }
        if (message === null || (!asked.includes(member) && !(member.speaks && over.length > 0))) continue;
        member.askedFor = edges;
        member.send(message);
      }
    }
  }

  const timer = setInterval(turn, everyMs);
  timer.unref();
  return {
    joined: (edgeId, group, send) => void members.set(edgeId, { group, send, told: null, speaks: false, askedFor: 1 }),
    left: (edgeId, send) => {
      if (members.get(edgeId)?.send === send) members.delete(edgeId);
    },
    heard: (edgeId, said) => {
      const member = members.get(edgeId);
      if (member === undefined) return;
      member.speaks = true;
      member.told = { atMs: deps.now(), said };
    },
    turn,
    close: () => clearInterval(timer),
  };
}
