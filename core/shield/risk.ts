/**
 * How much is asked of a visitor before a page: nothing, a light, normal or hard check, or nothing that would help.
 *
 * Policy decides who is asked; the level only says how much. It never depends on what a client says about itself (user agent,
 * language, device): only on what the site's owner or an order asks for and on what the address did. HAProxy decides by the same rules
 * (edge/render/skeleton/challenge.ts); this is where they are said, and a test compares the two.
 * A hard check is stronger work than hashing where the captcha service answers (core/captcha/), and the hardest hashing where it does not.
 * Why not more: work does not tell people from programs, so a hard check is bounded in time; limits and budgets carry the rest.
 */
import { challengeTarget } from './difficulty.ts';

export type ChallengeLevel = 'none' | 'light' | 'normal' | 'hard' | 'deny';

/** What is known when somebody without a clearance (or with a used-up one) asks. */
export type Risk = {
  /** What the site asks of everybody: nothing, attack mode, or an order's challenge, which is never weaker than normal. */
  readonly site: 'off' | 'attack' | 'order';
  /** Whether a rule of the owner asks for a check of this request. */
  readonly rule: boolean;
  /** The owner's word about the network. `allow` does not free anybody from an order. */
  readonly network?: 'allow' | 'deny';
  /** A crawler known by its network or confirmed by DNS. */
  readonly crawler?: boolean;
  /** What the address did lately: many limited requests, many passed checks, or a clearance used up far from where it was earned. */
  readonly signs: 'none' | 'limited' | 'solved-often' | 'moved-and-spent';
  /** The owner asks stronger work of everybody who is asked for a normal check. */
  readonly strong?: boolean;
};

/** Limited requests of an address in a minute, and checks that it passed in ten, above which the next one is hard. */
export const manyLimited = 20;
export const manySolved = 20;

export function challengeLevel({ site, rule, network, crawler = false, signs, strong = false }: Risk): ChallengeLevel {
  if (network === 'deny') return 'deny';
  if (site !== 'order' && (network === 'allow' || crawler)) return 'none';
  if (site === 'off' && !rule) return 'none';
  if (signs !== 'none') return 'hard';
  if (site === 'off') return 'light';
  return strong ? 'hard' : 'normal';
}

/**
 * Paths that nobody is ever asked on: programs fetch them that could not answer. In one form only: what an origin could read as another path is
 * asked like any. Read by HAProxy too, so it must mean the same in POSIX and here.
 */
export const openPaths = String.raw`^/(robots\.txt|favicon\.ico|\.well-known(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+)$`;
const openPath = new RegExp(openPaths);

/** Whether a request is for one of those. Preflights are not asked either; a sample does not tell them from other OPTIONS. */
export function isOpenPath(method: string, path: string): boolean {
  return (method === 'GET' || method === 'HEAD') && openPath.test(path);
}

export const lightFactor = 4;
export const hardFactor = 8;
/** A hard check asks for no more than this on its own account: some four seconds of one worker, less than the eight that people bear. */
export const hardestHashes = 5_000_000;

/** The target that a solution must stay under at a level, given the site's own mean number of hashes. */
export function levelTarget(level: 'light' | 'normal' | 'hard', expectedHashes: number): number {
  const usual = challengeTarget(expectedHashes);
  if (level === 'light') return usual * lightFactor;
  if (level === 'normal') return usual;
  const hard = Math.max(Math.floor(usual / hardFactor), challengeTarget(hardestHashes));
  return Math.min(hard, usual);
}
