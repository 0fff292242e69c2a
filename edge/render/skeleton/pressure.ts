/**
 * A flood of refusals costs a bounded part of the edge: from so many a second, each waits before it is answered, and some are not answered.
 *
 * A flood that is answered at once asks again at once, and takes all of a CPU however cheap an answer is; whoever is behind it in HAProxy's queue
 * waits for it (measured: p99 of a cleared visitor from 4 to 160 ms). One that waits half a second has two answers a second for each of its
 * connections. Visitors who come in such a moment wait that half second too. A request that waits holds its connection and counts among those in
 * progress of its site, so no more than `mostWaiting` may; what comes beyond is dropped without a word: open for nobody, and new visitors
 * have to try again.
 * What can go wrong: a flood from more connections than `mostWaiting` crowds new visitors out at this door. Those with a clearance, and other sites, pass.
 * Source: HAProxy 2.6 configuration manual, `http-request tarpit`, `timeout tarpit`, `be_sess_rate`, `be_conn`.
 */
import { standing } from '../pages/index.ts';
import type { StandingPage } from '../pages/words.ts';
import type { Files } from './parts.ts';

export const pressure = {
  /** Refusals of one kind a second, on the whole edge: about a tenth of what one CPU can give. */
  from: 1000,
  waitMs: 500,
  mostWaiting: 1000,
} as const;

/**
 * First in a backend that refuses: what it answers after the wait (`http-error` lines), and who is dropped. `pressed` is for the tarpit rules that
 * follow. Whoever waits never fills more than half of a site's room.
 */
export function underPressure(backend: string, answers: readonly string[], waitMs: number = pressure.waitMs): string[] {
  return [
    ...answers,
    `timeout tarpit ${waitMs}`,
    `acl pressed be_sess_rate(${backend}) gt ${pressure.from}`,
    `acl crowded be_conn(${backend}) gt ${pressure.mostWaiting}`,
    'acl crowded sc_conn_cur(2),mul(2),sub(sess.room) gt 0',
    'http-request set-log-level silent if pressed crowded',
    'http-request silent-drop if pressed crowded',
    '# Those that waited together are answered behind everybody else.',
    'http-request set-nice 1024 if pressed',
  ];
}

/** The same for a backend that always answers with the standing page of its name: after the wait in all languages at once. */
export function slowed(files: Files, page: StandingPage, extra = ''): string[] {
  return [
    ...underPressure(page, [files.error(page, extra)]),
    `http-request tarpit deny_status ${standing[page].status} if pressed`,
  ];
}
