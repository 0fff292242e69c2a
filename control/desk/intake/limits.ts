/**
 * Limits at the public door for reports, by network: generous, in memory, and never in the way of the fast lane's words.
 *
 * Fails open: a limit that forgets (a restart, many networks at once, another process) lets a report in, because a report that is refused
 * may be somebody's only one. Nothing is stored of who asked: buckets are kept by network, for an hour, in memory alone.
 * A program with an API token is not counted: its operator is known, and feeds of machines come by the thousand.
 * A connection from this machine that names nobody behind it is not counted either: a proxy that writes no `X-Forwarded-For` would make all
 * strangers one network, and a flood would close the door to everybody.
 * Guesses of private links are counted when they are wrong; with 256 bits no number of them helps, the limit only saves our own work.
 */
import { takeFrom } from '../../../core/desk/limits.ts';
import type { Bucket, BucketRule } from '../../../core/desk/limits.ts';
import { countedNetwork } from '../../../core/identity/session.ts';
import type { RequestFacts } from '../../http/caller.ts';
import { Failure } from '../../http/failure.ts';
import { clientAddressOf } from '../../identity/client.ts';

/** A shelter or an office shares one address, so a burst of a hundred is ordinary. */
const reportRule: BucketRule = { burst: 100, perHour: 600 };
const wrongLinkRule: BucketRule = { burst: 30, perHour: 60 };
const changeRule: BucketRule = { burst: 60, perHour: 300 };
/** In mebibytes. */
const fileRule: BucketRule = { burst: 60, perHour: 200 };
const mostNetworks = 50_000;
/** Requests over one mebibyte that may be read at once. */
const mostLarge = 4;
const mostLargeOfOne = 2;
const largeBytes = 1024 * 1024;

export type IntakeLimits = {
  /** Throws Failure `too-many-requests` when this network sent too many ordinary reports; a fast-lane one is only counted. */
  report(request: RequestFacts, fastLane: boolean): void;
  /** Whether this network may send so many more bytes of files; counts them when it may. */
  files(request: RequestFacts, bytes: number): boolean;
  /** Throws when this network tried too many wrong links. */
  beforeLink(request: RequestFacts): void;
  wrongLink(request: RequestFacts): void;
  /** Messages and other acts with a private link. */
  change(request: RequestFacts): void;
  /** Takes a place for a large body, null when all are taken; call what it returns when it was read. */
  large(request: RequestFacts): (() => void) | null;
};

export function intakeLimits(now: () => number): IntakeLimits {
  const reports = buckets(reportRule, now);
  const links = buckets(wrongLinkRule, now);
  const changes = buckets(changeRule, now);
  const megabytes = buckets(fileRule, now);
  const large: (string | null)[] = [];
  return {
    report(request, fastLane) {
      const waitMs = reports.take(request, 1);
      if (waitMs !== null && !fastLane) {
        throw tooMany(
          waitMs,
          'Many reports came from your network. This one was not stored. If somebody is in danger now, say so (the fast lane): that is always taken.',
        );
      }
    },
    files: (request, bytes) => bytes === 0 || megabytes.take(request, bytes / 2 ** 20) === null,
    beforeLink(request) {
      const waitMs = links.peek(request);
      if (waitMs !== null) throw tooMany(waitMs, 'Too many links that lead nowhere were tried from your network.');
    },
    wrongLink: (request) => void links.take(request, 1),
    change(request) {
      const waitMs = changes.take(request, 1);
      if (waitMs !== null) throw tooMany(waitMs, 'Many messages came from your network. This one was not stored.');
    },
    large(request) {
      const announced = request.headers.get('content-length');
      if (announced !== null && Number(announced) <= largeBytes) return () => undefined;
      const network = networkOf(request);
      const ofOne = large.filter((one) => one !== null && one === network).length;
      if (large.length >= mostLarge || ofOne >= mostLargeOfOne) return null;
      large.push(network);
      let given = true;
      return () => {
        if (given) large.splice(large.indexOf(network), 1);
        given = false;
      };
    },
  };
}

export function tooManyLarge(): Failure {
  return tooMany(
    5000,
    'Several large uploads are being read at the moment, so this one was not stored. Send it again in a few seconds, or without files: words are always taken.',
  );
}

function tooMany(waitMs: number, sentence: string): Failure {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const wait = seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
  return new Failure('too-many-requests', `${sentence} Try again in ${wait}.`, { retryAfterSeconds: seconds });
}

/** The network that counts; null when it is not known. */
function networkOf(request: RequestFacts): string | null {
  const network = countedNetwork(clientAddressOf(request));
  return network === 'unknown' || /^(127\.|::1\/|::\/)/.test(network) ? null : network;
}

function buckets(rule: BucketRule, now: () => number) {
  const kept = new Map<string, Bucket>();
  const ask = (network: string, cost: number) => takeFrom(rule, kept.get(network) ?? null, now(), cost);
  return {
    /** Null when it fits; else how long to wait. */
    take(request: RequestFacts, cost: number): number | null {
      const network = networkOf(request);
      if (network === null) return null;
      const verdict = ask(network, cost);
      kept.delete(network);
      kept.set(network, verdict.next);
      const [oldest] = kept.keys();
      if (kept.size > mostNetworks && oldest !== undefined) kept.delete(oldest);
      return verdict.kind === 'go' ? null : verdict.retryAfterMs;
    },
    peek(request: RequestFacts): number | null {
      const network = networkOf(request);
      if (network === null) return null;
      const verdict = ask(network, 1);
      return verdict.kind === 'go' ? null : verdict.retryAfterMs;
    },
  };
}
