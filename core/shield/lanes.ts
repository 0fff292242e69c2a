/**
 * Lanes: which edges of a group get a slow change when, and which part of an item is slow.
 *
 * Lane 0 are the canaries, the lanes after it the waves. An edge's wave follows from its id alone, so that it needs no bookkeeping and an edge
 * that joins moves no other. Slow is what passes through the renderer in many lines or stands on every page: a site's rules, networks,
 * challenge and https, and the provider. All else of an item is fast and goes to every lane at once: orders, attack mode, origin, limits,
 * certificates, keys, and a site that is new. Pure. Not here: when a lane gets its turn (rollout.ts).
 */
import { canonicalJson } from '../../contract/canonical.ts';
import type { EdgeId } from '../../contract/ids.ts';
import type { PolicyItem, SitePolicy } from '../../contract/policy.ts';

/** The lane of an edge in a group whose waves reach these shares (in percent, rising, the last is 100) of the edges that are no canaries. */
export function laneOf(edge: { readonly edgeId: EdgeId; readonly canary: boolean }, waves: readonly number[]): number {
  if (edge.canary) return 0;
  const place = hundredthOf(edge.edgeId);
  const wave = waves.findIndex((share) => place < share);
  return 1 + (wave === -1 ? Math.max(0, waves.length - 1) : wave);
}

/** The slow part of an item as text to compare by; null for an item that is fast altogether. */
export function slowPart(item: PolicyItem): string | null {
  if (item.kind === 'provider') return canonicalJson(item);
  if (item.kind !== 'site') return null;
  return canonicalJson(slowOf(item));
}

/** The new item with the slow part that a lane has: what that lane gets while the rest is on its way. Both are the same item's. */
export function keepSlow(next: PolicyItem, held: PolicyItem): PolicyItem {
  if (held.kind === 'provider' && next.kind === 'provider') return held;
  if (next.kind !== 'site' || held.kind !== 'site') return next;
  const fast: SitePolicy = { ...next };
  delete fast.rules;
  delete fast.https;
  return { ...fast, ...slowOf(held) };
}

function slowOf({ networks, challenge, rules, https }: SitePolicy) {
  return {
    networks,
    challenge,
    ...(rules === undefined ? {} : { rules }),
    ...(https === undefined ? {} : { https }),
  };
}

/** 0 to 99 from an id: FNV-1a, whose low bits mix well enough for a share of edges. */
function hundredthOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash % 100;
}
