/**
 * What 99 of 100 of an edge's readings of a site stayed at or below in the last day, in little memory: a histogram per hour. Pure.
 *
 * Buckets grow by a tenth, so a value read from it is at most a tenth too high, never too low. Readings below `leastKept` are counted as
 * readings and not kept: no threshold depends on them. After: HDR histograms.
 */
import { leftOut } from './attack-signals.ts';

/** A floor divided by its factor is never below this (core/shield/attack-signals.ts). */
const leastKept = 50;
const growth = Math.log(1.1);
const hoursKept = 24;
const hourMs = 3_600_000;
/** Sites kept per hour; those that come later in it are not remembered: their threshold is then that of a quiet site. */
const mostSites = 5000;

export type Hour = { readonly hour: number; readings: number; readonly sites: Map<string, Map<number, number>> };

export class UsualDemand {
  #hours: Hour[];

  constructor(hours: readonly Hour[] = []) {
    this.#hours = [...hours];
  }

  get hours(): readonly Hour[] {
    return this.#hours;
  }

  /** One reading of all sites: demand in ten seconds by site. */
  add(atMs: number, demands: Iterable<readonly [site: string, demand: number]>): void {
    const hour = this.#hourOf(Math.floor(atMs / hourMs));
    hour.readings += 1;
    for (const [site, demand] of demands) {
      if (demand < leastKept) continue;
      const kept = hour.sites.get(site) ?? new Map<number, number>();
      if (!hour.sites.has(site)) {
        if (hour.sites.size >= mostSites) continue;
        hour.sites.set(site, kept);
      }
      const bucket = Math.ceil(Math.log(demand) / growth);
      kept.set(bucket, (kept.get(bucket) ?? 0) + 1);
    }
  }

  /** Null while there are fewer than `leastReadings` of the last day. */
  of(site: string, atMs: number, leastReadings: number): number | null {
    const from = Math.floor(atMs / hourMs) - hoursKept;
    const hours = this.#hours.filter(({ hour }) => hour > from);
    const readings = hours.reduce((sum, hour) => sum + hour.readings, 0);
    if (readings < leastReadings) return null;
    const buckets = new Map<number, number>();
    for (const { sites } of hours)
      for (const [bucket, count] of sites.get(site) ?? []) buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
    let skip = leftOut(readings);
    for (const [bucket, count] of [...buckets].sort(([a], [b]) => b - a)) {
      if (count > skip) return Math.ceil(Math.exp(bucket * growth));
      skip -= count;
    }
    return 0;
  }

  #hourOf(number: number): Hour {
    const newest = this.#hours.at(-1);
    // A clock that was set back counts into the newest hour.
    if (newest !== undefined && newest.hour >= number) return newest;
    const hour: Hour = { hour: number, readings: 0, sites: new Map() };
    this.#hours = [...this.#hours.filter((one) => one.hour > number - hoursKept), hour];
    return hour;
  }
}
