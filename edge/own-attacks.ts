/**
 * Attack mode by the edge alone: while the control plane cannot be reached, a site whose owner lets attack mode come by itself is put into it
 * by what this edge sees of it, with the same pure function as the control plane's (core/shield/attack-signals.ts).
 *
 * While the control plane is there it alone decides, for all edges. Alone for five seconds, three hot readings of two seconds each are enough.
 * It ends by itself: calm for three minutes and after five in all, no hot reading for a quarter of an hour, or a minute after the control
 * plane is back, which was told and has decided by then. Whatever the control plane says of the site ends it at once: a person's switch wins.
 * Never touches an order, and a site that policy took out of attack mode is left alone for half an hour: that may have been a person.
 * Closed: an edge that has no day of its own yet takes a site for a new one. Open: a file that cannot be read or written costs memory of the day.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Logger } from 'pino';
import { OwnAttack } from '../contract/attack-signals.ts';
import { SiteId } from '../contract/ids.ts';
import type { SitePolicy } from '../contract/policy.ts';
import { mostOwnAttacks } from '../contract/stream.ts';
import type { OutcomeCounts } from '../contract/stream.ts';
import { instantOf, msOf } from '../core/instant.ts';
import {
  baselineLeastMs,
  demandOf,
  leastMs,
  lowestFloor,
  quietAfterPersonMs,
  signalsOf,
  windowMs,
} from '../core/shield/attack-signals.ts';
import { UsualDemand } from '../core/shield/usual-demand.ts';
import { writeDurable } from '../kit/durable.ts';
import type { SiteTraffic } from './telemetry/traffic.ts';

export type OwnAttackParts = {
  readonly file: string;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** Whether the control plane is there. */
  readonly connected: () => boolean;
  readonly site: (siteId: SiteId) => SitePolicy | null;
  /** These sites are held, or no longer held, in attack mode. */
  readonly onChange: (sites: ReadonlySet<SiteId>) => void;
};

const aloneMs = 5000;
const hotReadings = 3;
/** A reading is about two seconds; one of much else says nothing. */
const readingSeconds = { least: 0.5, most: 10 } as const;
const readingMs = 2000;
const calmMs = 180_000;
const lastsMs = 900_000;
/** From the control plane's return until it has decided. */
const handOverMs = 60_000;
const saveEveryMs = 600_000;

type Held = { own: OwnAttack; lastHotMs: number; calmSinceMs: number | null };

const Saved = z.object({
  hours: z.array(
    z.object({
      hour: z.int(),
      readings: z.int().min(0),
      sites: z.array(z.tuple([z.string(), z.array(z.tuple([z.int(), z.int().min(1)]))])),
    }),
  ),
  held: z.array(OwnAttack),
});

export class OwnAttacks {
  readonly #parts: OwnAttackParts;
  readonly #held = new Map<SiteId, Held>();
  readonly #hot = new Map<SiteId, number>();
  readonly #quietUntilMs = new Map<SiteId, number>();
  #over: OwnAttack[] = [];
  #usual = new UsualDemand();
  #connected = true;
  #sinceMs: number;
  #savedMs: number;
  #saving: Promise<void> = Promise.resolve();

  constructor(parts: OwnAttackParts) {
    this.#parts = parts;
    this.#sinceMs = parts.nowMs();
    this.#savedMs = this.#sinceMs;
  }

  /** Reads what an agent before has left: its day, and sites that it held a moment ago. */
  async load(): Promise<void> {
    try {
      const saved = Saved.parse(JSON.parse(await readFile(this.#parts.file, 'utf8')));
      this.#usual = new UsualDemand(
        saved.hours.map(({ hour, readings, sites }) => ({
          hour,
          readings,
          sites: new Map(sites.map(([site, buckets]) => [site, new Map(buckets)])),
        })),
      );
      const nowMs = this.#parts.nowMs();
      for (const own of saved.held) this.#held.set(own.siteId, { own, lastHotMs: nowMs, calmSinceMs: null });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
      this.#parts.log.warn({ error: String(error) }, 'what was usual at this edge could not be read; it is learnt anew');
    }
  }

  has(siteId: SiteId): boolean {
    return this.#held.has(siteId);
  }

  /** One reading: what was counted in the last `seconds`, for sites where anything was. */
  take(sites: readonly SiteTraffic[], seconds: number): void {
    const nowMs = this.#parts.nowMs();
    this.#noteConnection(nowMs);
    if (seconds >= readingSeconds.least && seconds <= readingSeconds.most) this.#judge(sites, seconds, nowMs);
    const handedOver = this.#connected && nowMs - this.#sinceMs >= handOverMs;
    const over = [...this.#held].filter(([, held]) => handedOver || isOver(held, nowMs)).map(([siteId]) => siteId);
    this.#end(over, 'it was calm, or the control plane decides again');
    if (nowMs - this.#savedMs >= saveEveryMs) this.#save();
  }

  /** Policy says something else of a site than before, or says it again: what this edge did alone is over. */
  siteChanged(siteId: SiteId, before: SitePolicy | null, after: SitePolicy | null): void {
    if (before?.mode === 'attack' && after?.mode !== 'attack')
      this.#quietUntilMs.set(siteId, this.#parts.nowMs() + quietAfterPersonMs);
    this.#drop(siteId, 'the control plane said something of the site');
  }

  /** What the control plane is told. What is over is told once. */
  tell(send: (attacks: OwnAttack[]) => boolean): void {
    const attacks = [...this.#over, ...[...this.#held.values()].map(({ own }) => own)].slice(-mostOwnAttacks);
    if (send(attacks)) this.#over = [];
  }

  async stop(): Promise<void> {
    this.#save();
    await this.#saving;
  }

  #noteConnection(nowMs: number): void {
    const connected = this.#parts.connected();
    if (connected === this.#connected) return;
    this.#connected = connected;
    this.#sinceMs = nowMs;
  }

  #judge(sites: readonly SiteTraffic[], seconds: number, nowMs: number): void {
    const alone = !this.#connected && nowMs - this.#sinceMs >= aloneMs;
    const scaled = new Map(sites.map(({ siteId, counts }) => [siteId, inTenSeconds(counts, seconds)]));
    const begun = new Set<SiteId>();
    for (const siteId of [...this.#hot.keys()]) if (!scaled.has(siteId)) this.#hot.delete(siteId);
    for (const [siteId, counts] of scaled) {
      if (demandOf(counts) < lowestFloor) {
        this.#hot.delete(siteId);
        continue;
      }
      const site = this.#parts.site(siteId);
      const { automatic } = site ?? {};
      if (site === null || automatic === undefined || (site.mode === 'attack' && !this.#held.has(siteId))) continue;
      const usual = this.#usual.of(siteId, nowMs, baselineLeastMs / readingMs);
      const { hot, ...signals } = signalsOf({ atMs: nowMs - windowMs, counts }, usual, automatic.sensitivity);
      const held = this.#held.get(siteId);
      if (held !== undefined) this.#follow(held, signals.demand, hot, nowMs);
      const times = hot ? (this.#hot.get(siteId) ?? 0) + 1 : 0;
      this.#hot.set(siteId, times);
      if (!alone || held !== undefined || times < hotReadings || nowMs < (this.#quietUntilMs.get(siteId) ?? 0)) continue;
      const own: OwnAttack = { siteId, beganAt: instantOf(nowMs), endedAt: null, peak: signals.demand, signals };
      this.#held.set(siteId, { own, lastHotMs: nowMs, calmSinceMs: null });
      begun.add(siteId);
      this.#parts.log.warn({ siteId, ...signals }, 'this edge is alone and has put a site into attack mode by itself');
    }
    for (const [siteId, held] of this.#held) if (!scaled.has(siteId)) this.#follow(held, 0, false, nowMs);
    // What came in an attack is not usual.
    const quiet = [...scaled].filter(
      ([siteId]) => !this.#held.has(siteId) && (this.#connected ? !this.#isAttacked(siteId) : (this.#hot.get(siteId) ?? 0) === 0),
    );
    this.#usual.add(
      nowMs,
      quiet.map(([siteId, counts]) => [siteId, demandOf(counts)] as const),
    );
    if (begun.size === 0) return;
    this.#parts.onChange(begun);
    this.#save();
  }

  #isAttacked(siteId: SiteId): boolean {
    const site = this.#parts.site(siteId);
    return site?.mode === 'attack' || site?.attackPaths !== undefined;
  }

  #follow(held: Held, demand: number, hot: boolean, nowMs: number): void {
    held.own = { ...held.own, peak: Math.max(held.own.peak, demand) };
    if (hot) held.lastHotMs = nowMs;
    held.calmSinceMs = demand < held.own.signals.calmBelow ? (held.calmSinceMs ?? nowMs) : null;
  }

  #end(sites: readonly SiteId[], why: string): void {
    for (const siteId of sites) this.#drop(siteId, why);
    if (sites.length > 0) this.#parts.onChange(new Set(sites));
  }

  #drop(siteId: SiteId, why: string): void {
    const held = this.#held.get(siteId);
    if (held === undefined) return;
    this.#held.delete(siteId);
    this.#hot.delete(siteId);
    // While the control plane is there it was told already.
    if (!this.#connected)
      this.#over = [...this.#over, { ...held.own, endedAt: instantOf(this.#parts.nowMs()) }].slice(-mostOwnAttacks);
    this.#parts.log.info({ siteId, why }, 'attack mode that this edge turned on by itself is over');
    this.#save();
  }

  #save(): void {
    this.#savedMs = this.#parts.nowMs();
    const hours = this.#usual.hours.map(({ hour, readings, sites }) => ({
      hour,
      readings,
      sites: [...sites].map(([site, buckets]) => [site, [...buckets]]),
    }));
    const text = JSON.stringify({ hours, held: [...this.#held.values()].map(({ own }) => own) });
    this.#saving = this.#saving
      .then(() => writeDurable(this.#parts.file, text))
      .catch((error: unknown) => this.#parts.log.warn({ error: String(error) }, 'what is usual at this edge could not be kept'));
  }
}

function inTenSeconds(counts: SiteTraffic['counts'], seconds: number): OutcomeCounts {
  const times = windowMs / 1000 / seconds;
  const scaled = (count: number) => Math.round(count * times);
  return {
    passed: scaled(counts.passed),
    challenged: scaled(counts.challenged),
    solved: scaled(counts.solved),
    limited: scaled(counts.limited),
    denied: scaled(counts.denied),
    noticed: scaled(counts.noticed),
    'origin-error': scaled(counts['origin-error']),
  };
}

function isOver({ own, lastHotMs, calmSinceMs }: Held, nowMs: number): boolean {
  if (nowMs - lastHotMs >= lastsMs) return true;
  return calmSinceMs !== null && nowMs - calmSinceMs >= calmMs && nowMs - msOf(own.beganAt) >= leastMs;
}
