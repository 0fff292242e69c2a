/**
 * Counts checks in memory and hands the sums to the database every few seconds; and knows which keys are softened.
 *
 * A key and a stretch of time make a row, no visitor does. When the database does not take them they are kept for the next time, up to a bound
 * (open: beyond it figures are lost, checks go on). Looked at once a minute for keys that were asked meanwhile: whether too many gave up.
 */
import type { DeviceClass } from '../../../contract/captcha.ts';
import {
  closedBefore,
  countedMs,
  softeningLooksBackMs,
  softenedForMs,
  softens,
  solveBoundsMs,
  solveColumn,
  stretchOf,
} from '../../../core/captcha/figures.ts';
import type { CheckCounts, DeviceOrNone } from '../../../core/captcha/figures.ts';
import { instantOf } from '../../../core/instant.ts';
import {
  addCaptchaCounts,
  forgetCaptchaCounts,
  softenCaptchaKey,
  softenedCaptchaKeys,
  sumCaptchaCounts,
} from '../../../store/captcha-counts.ts';
import type { CountedChecks } from '../../../store/captcha-counts.ts';
import type { Db } from '../../../store/open.ts';

const mostRows = 20_000;
/** Figures are kept as long as the console shows them. */
const keptMs = 90 * 24 * 3_600_000;

type Sums = { -readonly [Name in keyof CheckCounts]: CheckCounts[Name] extends number ? number : number[] };
type Row = { readonly keyId: string; readonly atMs: number; readonly device: DeviceOrNone; readonly sums: Sums };

/** One of whom is counted: when the check began, and whether anything spoke against the network. */
export type Counted = { readonly keyId: string; readonly beganMs: number; readonly calm: boolean };

export class Tally {
  #rows = new Map<string, Row>();
  #asked = new Set<string>();
  #softened = new Set<string>();

  asked({ keyId, beganMs, calm }: Counted): void {
    this.#asked.add(keyId);
    const sums = this.#sums(keyId, beganMs, 'unknown');
    if (sums === null) return;
    sums.asked += 1;
    if (calm) sums.calmAsked += 1;
  }

  stepped({ keyId, beganMs }: Counted, device: DeviceClass): void {
    const sums = this.#sums(keyId, beganMs, device);
    if (sums !== null) sums.stepped += 1;
  }

  /** `tookMs` null: passed by waiting. `device` null: nothing was answered before. */
  passed({ keyId, beganMs, calm }: Counted, device: DeviceClass | null, tookMs: number | null): void {
    const sums = this.#sums(keyId, beganMs, device ?? 'unknown');
    if (sums === null) return;
    sums.passed += 1;
    if (calm) sums.calmPassed += 1;
    if (tookMs === null) sums.waited += 1;
    else {
      const column = solveColumn(tookMs);
      sums.solved[column] = (sums.solved[column] ?? 0) + 1;
    }
  }

  wrong({ keyId, beganMs }: Counted, device: DeviceClass | null): void {
    const sums = this.#sums(keyId, beganMs, device ?? 'unknown');
    if (sums !== null) sums.wrong += 1;
  }

  softened(keyId: string): boolean {
    return this.#softened.has(keyId);
  }

  /** Hands over what was counted since. Rejects when it was not taken: then it is kept. */
  async flush(db: Db): Promise<void> {
    const taken = this.#rows;
    if (taken.size === 0) return;
    this.#rows = new Map();
    const rows = [...taken.values()].map(({ keyId, atMs, device, sums }): CountedChecks => ({
      keyId,
      at: instantOf(atMs),
      device,
      counts: sums,
    }));
    try {
      await addCaptchaCounts(db, rows);
    } catch (error) {
      for (const [name, row] of taken) this.#keep(name, row);
      throw error;
    }
  }

  /** Softens the keys that ask for it and reads which are. To be called once a minute; rejects when the database does not answer. */
  async look(db: Db, nowMs: number): Promise<void> {
    const keyIds = [...this.#asked];
    this.#asked = new Set();
    const [since, until] = [instantOf(stretchOf(nowMs - softeningLooksBackMs)), instantOf(closedBefore(nowMs))];
    for (const keyId of keyIds) {
      const all = [...(await sumCaptchaCounts(db, keyId, { since, until })).values()];
      const calmAsked = all.reduce((sum, one) => sum + one.calmAsked, 0);
      const calmPassed = all.reduce((sum, one) => sum + one.calmPassed, 0);
      if (!softens({ calmAsked, calmPassed })) continue;
      const softened = { since: instantOf(nowMs), until: instantOf(nowMs + softenedForMs), asked: calmAsked, passed: calmPassed };
      await softenCaptchaKey(db, keyId, softened);
    }
    const known = [...new Set([...this.#softened, ...keyIds])];
    this.#softened = new Set((await softenedCaptchaKeys(db, known, instantOf(nowMs))).keys());
    if (nowMs % countedMs < 60_000) await forgetCaptchaCounts(db, instantOf(nowMs - keptMs));
  }

  #keep(name: string, row: Row): void {
    const here = this.#rows.get(name);
    if (here === undefined) {
      if (this.#rows.size < mostRows) this.#rows.set(name, row);
      return;
    }
    for (const field of ['asked', 'calmAsked', 'stepped', 'passed', 'calmPassed', 'waited', 'wrong'] as const)
      here.sums[field] += row.sums[field];
    here.sums.solved = here.sums.solved.map((count, column) => count + (row.sums.solved[column] ?? 0));
  }

  #sums(keyId: string, beganMs: number, device: DeviceOrNone): Sums | null {
    const atMs = stretchOf(beganMs);
    const name = `${keyId} ${atMs} ${device}`;
    let row = this.#rows.get(name);
    if (row === undefined) {
      if (this.#rows.size >= mostRows) return null;
      const solved = Array.from({ length: solveBoundsMs.length + 1 }, () => 0);
      const sums = { asked: 0, calmAsked: 0, stepped: 0, passed: 0, calmPassed: 0, waited: 0, wrong: 0, solved };
      row = { keyId, atMs, device, sums };
      this.#rows.set(name, row);
    }
    return row.sums;
  }
}
