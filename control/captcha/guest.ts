/**
 * The captcha provider beside us: its key, and how it runs in this process when it is asked to.
 *
 * The captcha key is made from the seal key and written to `control/captcha.key` at each start: providers in processes of their own get that one and
 * never the seal key, which opens reports. The embedded database is one process's, so with it the provider is our guest; this room may not import
 * it, so the program hands in how it is started.
 */
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Cidr } from '../../contract/network.ts';
import { writeDurable } from '../../kit/durable.ts';
import { keyFor } from '../../kit/sealed-box.ts';
import type { Store } from '../../store/open.ts';

export type CaptchaGuest = { readonly url: string; readonly stop: () => Promise<void> };

export type StartCaptcha = (parts: {
  readonly store: Store;
  /** 32 bytes that the keys of tokens are sealed with. */
  readonly sealKey: Uint8Array;
  readonly log: Logger;
  readonly listen: { readonly host: string; readonly port: number };
  readonly trustedProxies?: readonly Cidr[];
  readonly threads: number;
}) => Promise<CaptchaGuest>;

/** The captcha key, as bytes; in `folder`/captcha.key afterwards, for its owner only. */
export async function settleCaptchaKey(folder: string, sealKey: Uint8Array): Promise<Uint8Array> {
  const key = keyFor('portcullis captcha: keys of tokens', sealKey).export();
  const text = `${key.toString('base64')}\n`;
  const file = join(folder, 'captcha.key');
  if (readKept(file) !== text) await writeDurable(file, text, 0o600);
  return key;
}

function readKept(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
