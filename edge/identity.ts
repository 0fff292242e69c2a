/**
 * Who this edge is: its own Ed25519 key, made on first start and never sent anywhere, and what the control plane said at enrolment.
 *
 * The private key is `edge.key` (mode 600). Enrolment trades a one-time token for the edge's id, its group and the public key that
 * verifies the group's policy; these go to `identity.json` and the token is never needed again. Trust on enrolment: whoever answers
 * at the control address is believed, which is why that address must be https, or loopback (config.ts).
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Logger } from 'pino';
import { EnrolAnswer, enrolPath } from '../contract/stream.ts';
import type { EnrolRequest } from '../contract/stream.ts';
import { backoffMs } from '../kit/backoff.ts';
import { writeDurable } from '../kit/durable.ts';
import { generateSigningKeyPair, publicKeyOf, textSigner } from '../kit/ed25519.ts';
import type { SignText } from '../kit/ed25519.ts';
import type { EdgeVersions } from './stream/client.ts';

export type Identity = z.infer<typeof EnrolAnswer> & { readonly sign: SignText };

/** Enrolment was refused or is not possible; the message is a sentence for the operator. */
export class EnrolmentFailed extends Error {
  override readonly name = 'EnrolmentFailed';
}

export type Enrolment = {
  readonly folder: string;
  readonly controlUrl: string;
  readonly name: string;
  readonly versions: EdgeVersions;
  /** Resolves with the one-time token, or rejects with EnrolmentFailed when there is none. */
  readonly token: () => Promise<string>;
  readonly log: Logger;
  readonly signal: AbortSignal;
};

/** The identity on disk, or a new one after enrolment; waits for a control plane that does not answer yet. */
export async function loadOrEnrol(enrolment: Enrolment): Promise<Identity> {
  await mkdir(enrolment.folder, { recursive: true, mode: 0o700 });
  const privateKey = await ownKey(join(enrolment.folder, 'edge.key'));
  const sign = textSigner(privateKey);
  const path = join(enrolment.folder, 'identity.json');
  const known = await readIfThere(path);
  if (known !== null) {
    const parsed = EnrolAnswer.safeParse(parseJson(known));
    if (parsed.success) return { ...parsed.data, sign };
    throw new EnrolmentFailed(
      `${path} cannot be read as an identity. Restore it, or remove it and enrol this edge again with a new token.`,
    );
  }
  const token = await enrolment.token();
  const answer = await enrol(enrolment, token, publicKeyOf(privateKey));
  await writeDurable(path, `${JSON.stringify(answer)}\n`);
  enrolment.log.info({ edgeId: answer.edgeId, group: answer.group }, 'enrolled');
  return { ...answer, sign };
}

function enrol(
  { controlUrl, name, versions, log, signal }: Enrolment,
  token: string,
  publicKey: string,
): Promise<z.infer<typeof EnrolAnswer>> {
  const body = JSON.stringify({ token, publicKey, name, versions } satisfies z.input<typeof EnrolRequest>);
  return askToEnrol({ what: 'edge', controlUrl, path: enrolPath, body, answer: EnrolAnswer, log, signal });
}

/** Asks until there is an answer; rejects with EnrolmentFailed when it is a refusal. */
export async function askToEnrol<Answer>(asked: {
  /** What asks, for sentences. */
  readonly what: 'edge' | 'relay';
  readonly controlUrl: string;
  readonly path: string;
  readonly body: string;
  readonly answer: z.ZodType<Answer>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}): Promise<Answer> {
  const { controlUrl, path, body, log, signal } = asked;
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      const response = await fetch(new URL(path, controlUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
      });
      const text = await response.text();
      if (response.ok) {
        const parsed = asked.answer.safeParse(parseJson(text));
        if (parsed.success) return parsed.data;
        throw new EnrolmentFailed(
          `${controlUrl} answered the enrolment with something else than an identity. Is it the control plane?`,
        );
      }
      if (response.status >= 400 && response.status < 500 && response.status !== 429) {
        const said = z.object({ detail: z.string() }).safeParse(parseJson(text));
        throw new EnrolmentFailed(
          `The control plane refused to enrol this ${asked.what}: ${said.success ? said.data.detail : `status ${response.status}`}`,
        );
      }
      throw new Error(`status ${response.status}`);
    } catch (error) {
      if (error instanceof EnrolmentFailed || signal.aborted) throw error;
      if (attempt % 10 === 0)
        log.warn({ error: String(error), controlUrl }, 'the control plane does not answer yet; enrolment is tried again');
      await delay(backoffMs({ firstMs: 100, longestMs: 2000 }, attempt, Math.random()), undefined, { signal });
    }
  }
}

/** The private key in a file of mode 600; made when there is none. */
export async function ownKey(path: string): Promise<string> {
  const found = await readIfThere(path);
  if (found !== null) return found.trim();
  const { privateKey } = generateSigningKeyPair();
  await writeDurable(path, `${privateKey}\n`);
  return privateKey;
}

export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
