/**
 * The keys that tokens and lines are signed with: two live, the same in every process on one database, renewed every half day.
 *
 * They stand in the database sealed with a key that does not (`captcha.key`, or PORTCULLIS_CAPTCHA_KEY). A new one signs only when it is a minute
 * old, and every process looks again several times in that minute, so none meets a name that it does not know. The one before lives until the next:
 * far longer than any token or line. Closed: a row that does not open stops the start; later it is no key.
 * Without the database the keys that are known go on: what they sign is taken nowhere until it is back.
 */
import { timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import type { LineMac } from '../../core/captcha/check-line.ts';
import { instantOf } from '../../core/instant.ts';
import { errorForLog } from '../../kit/log-error.ts';
import { secretBytes } from '../../kit/random-bytes.ts';
import { boxKey, openBox, sealBox } from '../../kit/sealed-box.ts';
import { renewMacKeys } from '../../store/captcha.ts';
import type { SealedMacKey } from '../../store/captcha.ts';
import type { Store } from '../../store/open.ts';
import { transact } from '../../store/transact.ts';
import { hmacText } from './check/quick.ts';
import type { MacKey } from './check/moduli.ts';

const renewMs = 12 * 3_600_000;
const signsAfterMs = 60_000;
const lookMs = 15_000;

export type MacKeyParts = {
  readonly store: Store;
  /** 32 bytes that the keys are sealed with. */
  readonly sealKey: Uint8Array;
  readonly nowMs: () => number;
  readonly log: Logger;
};

export class MacKeys {
  readonly #parts: MacKeyParts;
  readonly #sealKey: KeyObject;
  readonly #looking: NodeJS.Timeout;
  #live: readonly (MacKey & { readonly madeMs: number })[] = [];

  private constructor(parts: MacKeyParts) {
    this.#parts = parts;
    this.#sealKey = boxKey(parts.sealKey);
    this.#looking = setInterval(() => {
      this.look().catch((error: unknown) =>
        parts.log.warn({ err: errorForLog(error) }, 'the keys of tokens were not looked at again; those known go on'),
      );
    }, lookMs);
    this.#looking.unref();
  }

  /** Reads the keys, and makes the first one. Throws an Error with a sentence when they are sealed with another key. */
  static async open(parts: MacKeyParts): Promise<MacKeys> {
    const keys = new MacKeys(parts);
    try {
      await keys.look();
      return keys;
    } catch (error) {
      keys.close();
      throw error;
    }
  }

  /** The live ones, the one that signs first. */
  live(): readonly MacKey[] {
    const [newest, before] = this.#live;
    if (newest === undefined || before === undefined) return this.#live;
    return this.#parts.nowMs() - newest.madeMs < signsAfterMs ? [before, newest] : [newest, before];
  }

  /** Signs with the key of this name, in base64url; null when no live key bears it. */
  readonly mac: LineMac = (name, text) => {
    const key = this.#live.find((one) => one.name === name);
    return key === undefined ? null : hmacText(key.secret, text);
  };

  /** Reads the keys again, and renews them when it is time. */
  async look(): Promise<void> {
    const { store, nowMs } = this.#parts;
    const now = nowMs();
    const rows = await transact(store, ({ tx }) =>
      renewMacKeys(tx, instantOf(now - renewMs), () => {
        const name = secretBytes(6).toString('base64url');
        return { name, sealed: sealBox(this.#sealKey, contextOf(name), secretBytes(32)), madeAt: instantOf(now) };
      }),
    );
    this.#live = rows.map((row) => ({ name: row.name, madeMs: Date.parse(row.madeAt), secret: this.#opened(row) }));
  }

  close(): void {
    clearInterval(this.#looking);
  }

  #opened({ name, sealed }: SealedMacKey): Uint8Array {
    const secret = openBox(this.#sealKey, contextOf(name), sealed);
    if (secret === null) {
      throw new Error(
        'The captcha’s keys in this database were sealed with another captcha key. Give the one of the control plane ' +
          '(control/captcha.key in its state folder) in PORTCULLIS_CAPTCHA_KEY. Nothing was changed.',
      );
    }
    return secret;
  }
}

/** Compares without saying where texts differ. */
export function sameText(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

function contextOf(name: string): string {
  return `captcha mac key ${name}`;
}
