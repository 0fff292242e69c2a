/**
 * Sessions: when one ends, and what of the client's address is kept.
 *
 * A session ends after `idleMs` without a request or at `until`, whichever is first. Its last use is written at most once a
 * minute, so an idle session may live up to a minute longer: the idle time is chosen with that in mind.
 */
import ipaddr from 'ipaddr.js';

export const sessionIdleMs = 12 * 3_600_000;
export const sessionLongestMs = 7 * 86_400_000;
export const touchEveryMs = 60_000;

export type SessionTimes = { readonly lastUsedAtMs: number; readonly untilMs: number };

/** `live`, or why it is over; `touch` when its last use should be written. */
export function judgeSession(session: SessionTimes, nowMs: number): 'live' | 'touch' | 'idle' | 'over' {
  if (nowMs >= session.untilMs) return 'over';
  if (nowMs - session.lastUsedAtMs >= sessionIdleMs) return 'idle';
  return nowMs - session.lastUsedAtMs >= touchEveryMs ? 'touch' : 'live';
}

/**
 * The network of a client address, cut so that it names no single person: /24 and /48. `unknown` for what is no address.
 * Used for the list of sessions.
 */
export function shownNetwork(address: string): string {
  return cut(address, 24, 48);
}

const byte = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const plainIpv4 = new RegExp(`^${byte}\\.${byte}\\.${byte}\\.${byte}$`);

/** The network by which attempts are counted: one IPv4 address, or an IPv6 /64 (one line gets at least that much). */
export function countedNetwork(address: string): string {
  // What nearly every address looks like; taking it apart and putting it together again costs more than all the limits that ask for it.
  if (plainIpv4.test(address)) return `${address}/32`;
  return cut(address, 32, 64);
}

function cut(address: string, bits4: number, bits6: number): string {
  const bare = address.replace(/%.*$/, '');
  if (!ipaddr.isValid(bare)) return 'unknown';
  const parsed = ipaddr.process(bare);
  return parsed.kind() === 'ipv4'
    ? `${ipaddr.IPv4.networkAddressFromCIDR(`${parsed.toString()}/${bits4}`).toString()}/${bits4}`
    : `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${bits6}`).toString()}/${bits6}`;
}
