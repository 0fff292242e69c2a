/**
 * Answers what the control plane asks: a site's sampled requests, which network data this edge has, and what it did alone.
 *
 * Each answer is bounded in number and bytes, whatever is asked; samples leave out the oldest. What data there is, is told again when it has
 * changed, to whoever asked on the present connection. An answer that cannot be sent is lost: nobody waits for one for long.
 */
import type { Logger } from 'pino';
import type { OwnAttack } from '../contract/attack-signals.ts';
import type { Instant, SiteId } from '../contract/ids.ts';
import type { SampledRequest } from '../contract/rules.ts';
import { mostAnswerBytes } from '../contract/stream.ts';
import type { AskId, EdgeNetworkData, FromEdge } from '../contract/stream.ts';
import type { Ask } from './stream/client.ts';

/** A site's sample, and from when on it is whole. */
export type Sample = { readonly since: Instant; readonly requests: readonly SampledRequest[] };

export type AnswerParts = {
  readonly sample: (siteId: SiteId) => Sample;
  readonly tellOwnAttacks: (send: (attacks: OwnAttack[]) => boolean) => void;
  readonly networkData: () => Promise<EdgeNetworkData>;
  readonly send: (message: FromEdge) => boolean;
  readonly log: Logger;
};

/** How often it is looked whether there is other network data than was told. */
const lookMs = 60_000;

export class Answers {
  readonly #parts: AnswerParts;
  #askedForData: AskId | null = null;
  #told = '';
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  /** Answers, now or a moment later. */
  take({ askId, about }: Ask): void {
    switch (about.what) {
      case 'samples': {
        const { since, requests } = this.#parts.sample(about.siteId);
        const answer = { what: about.what, siteId: about.siteId, ...newest(since, requests, about.most) };
        this.#parts.send({ kind: 'answer', askId, answer });
        return;
      }
      case 'own-attacks':
        return this.#parts.tellOwnAttacks((attacks) =>
          this.#parts.send({ kind: 'answer', askId, answer: { what: about.what, attacks } }),
        );
      case 'network-data':
        this.#askedForData = askId;
        this.#told = '';
        this.#timer ??= setInterval(() => this.#tellData(), lookMs).unref();
        return this.#tellData();
      default:
        return about satisfies never;
    }
  }

  /** A new connection: nobody has asked on it yet. */
  forget(): void {
    this.#askedForData = null;
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #tellData(): void {
    const { networkData, send, log } = this.#parts;
    networkData().then(
      (data) => {
        const text = JSON.stringify(data);
        const askId = this.#askedForData;
        if (askId === null || text === this.#told) return;
        if (send({ kind: 'answer', askId, answer: { what: 'network-data', ...data } })) this.#told = text;
      },
      (error: unknown) => log.warn({ err: error }, 'it could not be said which network data there is'),
    );
  }
}

/** As many of the newest as fit; `since` moves to the first of them when some do not. */
export function newest(
  since: Instant,
  requests: readonly SampledRequest[],
  most: number,
): { since: Instant; requests: SampledRequest[] } {
  const taken: SampledRequest[] = [];
  let bytes = 0;
  for (const request of requests.toReversed()) {
    bytes += Buffer.byteLength(JSON.stringify(request)) + 1;
    if (taken.length >= most || bytes > mostAnswerBytes)
      return { since: taken.at(-1)?.at ?? request.at, requests: taken.reverse() };
    taken.push(request);
  }
  return { since, requests: taken.reverse() };
}
