/**
 * Questions to edges that are connected to this process, and the answers that come back.
 *
 * A question that is not answered in time is over: an edge of an older version never answers, a busy one may be late, and a late answer is
 * dropped. An answer counts only from the edge that was asked.
 */
import { randomBytes } from 'node:crypto';
import type { EdgeId } from '../../contract/ids.ts';
import type { Answer, AskId, Question } from '../../contract/stream.ts';
import type { Connection } from './connection.ts';

type Waiting = { readonly edgeId: EdgeId; readonly settle: (answer: Answer | null) => void };

export type Asks = {
  /** The edge's answer, or null when none came in time. */
  ask(edgeId: EdgeId, connection: Connection, about: Question, timeoutMs: number): Promise<Answer | null>;
  /** Takes what an edge answered. */
  take(edgeId: EdgeId, askId: AskId, answer: Answer): void;
  /** The edge went away: nobody need wait for it. */
  forget(edgeId: EdgeId): void;
};

export function openAsks(): Asks {
  const waiting = new Map<AskId, Waiting>();
  return {
    ask(edgeId, connection, about, timeoutMs) {
      const askId = randomBytes(10).toString('hex');
      const { promise, resolve } = Promise.withResolvers<Answer | null>();
      const timer = setTimeout(() => settle(null), timeoutMs);
      const settle = (answer: Answer | null) => {
        clearTimeout(timer);
        waiting.delete(askId);
        resolve(answer);
      };
      waiting.set(askId, { edgeId, settle });
      connection.send({ kind: 'ask', askId, about });
      return promise;
    },
    take(edgeId, askId, answer) {
      const asked = waiting.get(askId);
      if (asked?.edgeId === edgeId) asked.settle(answer);
    },
    forget(edgeId) {
      for (const asked of waiting.values()) if (asked.edgeId === edgeId) asked.settle(null);
    },
  };
}
