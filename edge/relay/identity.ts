/**
 * Who this relay is: its own Ed25519 key (`relay.key`, mode 600, never sent anywhere) and the id that it was enrolled under.
 *
 * All that it proves with the key is that it is a relay: it may carry. Neither policy nor edges are trusted because of it.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { RelayId } from '../../contract/ids.ts';
import { enrolRelayPath } from '../../contract/relay.ts';
import { RelayEnrolled } from '../../contract/routes/relays.ts';
import { writeDurable } from '../../kit/durable.ts';
import { publicKeyOf, textSigner } from '../../kit/ed25519.ts';
import type { SignText } from '../../kit/ed25519.ts';
import { askToEnrol, EnrolmentFailed, ownKey, readIfThere } from '../identity.ts';

export type RelayIdentity = { readonly relayId: RelayId; readonly sign: SignText };

/** The identity on disk, or a new one after enrolment. Rejects with EnrolmentFailed. */
export async function loadOrEnrolRelay(asked: {
  readonly folder: string;
  readonly controlUrl: string;
  readonly name: string;
  readonly version: string;
  readonly token: () => Promise<string>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}): Promise<RelayIdentity> {
  const { folder, controlUrl, name, version, log, signal } = asked;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const privateKey = await ownKey(join(folder, 'relay.key'));
  const sign = textSigner(privateKey);
  const path = join(folder, 'identity.json');
  const known = await readIfThere(path);
  if (known !== null) {
    const parsed = RelayEnrolled.safeParse(parseJson(known));
    if (parsed.success) return { relayId: parsed.data.relayId, sign };
    throw new EnrolmentFailed(`${path} cannot be read. Restore it, or remove the folder and enrol this relay again.`);
  }
  const body = JSON.stringify({ token: await asked.token(), publicKey: publicKeyOf(privateKey), name, version });
  const { relayId } = await askToEnrol({
    what: 'relay',
    controlUrl,
    path: enrolRelayPath,
    body,
    answer: RelayEnrolled,
    log,
    signal,
  });
  await writeDurable(path, `${JSON.stringify({ relayId })}\n`);
  log.info({ relayId }, 'enrolled');
  return { relayId, sign };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
