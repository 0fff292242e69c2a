/** A bot that signs its requests (Web Bot Auth), in Node: a key of its own, headers for a request, and what is changed of them. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { z } from 'zod';
import { signatureBase } from '../../core/shield/signatures/base.ts';
import { parseDictionary } from '../../core/shield/signatures/fields.ts';
import { thumbprint } from '../../edge/bots/keys.ts';

const Jwk = z.object({ x: z.string() });

export type SignOptions = {
  readonly host: string;
  readonly target?: string;
  readonly method?: string;
  readonly covered?: string;
  readonly agoSeconds?: number;
  readonly lastsSeconds?: number;
  readonly nonce?: string | null;
  readonly tag?: string;
};

export type Bot = {
  readonly keyId: string;
  /** As it stands in a directory. */
  readonly jwk: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };
  readonly headers: (options: SignOptions) => Record<string, string>;
};

export function makeBot(): Bot {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x } = Jwk.parse(publicKey.export({ format: 'jwk' }));
  const keyId = thumbprint(x);
  const agent = 'sig1="https://bot.example"';
  return {
    keyId,
    jwk: { kty: 'OKP', crv: 'Ed25519', x },
    headers: ({
      host,
      target = '/',
      method = 'GET',
      covered = '"@authority" "signature-agent";key="sig1"',
      agoSeconds = 0,
      lastsSeconds = 300,
      nonce = randomBytes(16).toString('base64'),
      tag = 'web-bot-auth',
    }) => {
      const created = Math.floor(Date.now() / 1000) - agoSeconds;
      const once = nonce === null ? '' : `;nonce="${nonce}"`;
      const input = `sig1=(${covered});created=${created};expires=${created + lastsSeconds};keyid="${keyId}";alg="ed25519"${once};tag="${tag}"`;
      const list = parseDictionary(input)?.get('sig1');
      if (list?.kind !== 'list') throw new Error(`no signature input: ${input}`);
      const base = signatureBase({ method, scheme: 'http', host, target, headers: [['signature-agent', agent]] }, list);
      if (base === null) throw new Error(`nothing to sign: ${input}`);
      const signature = sign(null, Buffer.from(base, 'latin1'), privateKey).toString('base64');
      return { 'signature-agent': agent, 'signature-input': input, signature: `sig1=:${signature}:` };
    },
  };
}
