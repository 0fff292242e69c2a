/**
 * The key that signs policy: made on the first start, kept in a file of mode 600, the same in every control process.
 *
 * Its public half stands in the database, so that a control process with another key says so at start instead of sending frames that every
 * edge refuses. Whoever has the private half and can be reached by edges can command them: it is not in the database, not in a log, not in a backup of the
 * database. `PORTCULLIS_POLICY_KEY` (base64 of the 32-byte seed) replaces the file where a secret store is at hand.
 */
import { readFileSync } from 'node:fs';
import { PublicKey } from '../../contract/stream.ts';
import { writeDurable } from '../../kit/durable.ts';
import { generateSigningKeyPair, publicKeyOf, textSigner } from '../../kit/ed25519.ts';
import type { SignText } from '../../kit/ed25519.ts';
import { settleFact } from '../../store/house.ts';
import type { Store } from '../../store/open.ts';

export type PolicyKey = { readonly publicKey: PublicKey; readonly sign: SignText };

const fact = 'policy-public-key';

/** Loads or makes the key. Throws an Error with a sentence: unreadable, or another one than this database's edges trust. */
export async function loadPolicyKey(store: Store, file: string, given: string | null): Promise<PolicyKey> {
  const privateKey = given ?? readKey(file) ?? (await makeKey(file));
  let publicKey: PublicKey;
  try {
    publicKey = PublicKey.parse(publicKeyOf(privateKey));
  } catch (cause) {
    throw new Error(`The policy key in ${given === null ? file : 'PORTCULLIS_POLICY_KEY'} is not 32 bytes in base64.`, { cause });
  }
  const settled = await settleFact(store.db, fact, publicKey);
  if (settled !== publicKey) {
    throw new Error(
      `The policy key in ${given === null ? file : 'PORTCULLIS_POLICY_KEY'} is not the one that this database’s edges trust. ` +
        'Copy the key of the other control process (policy.key in its state folder), or restore it from its backup. Nothing was changed.',
    );
  }
  return { publicKey, sign: textSigner(privateKey) };
}

function readKey(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new Error(`The policy key in ${file} cannot be read.`, { cause: error });
  }
}

async function makeKey(file: string): Promise<string> {
  const { privateKey } = generateSigningKeyPair();
  await writeDurable(file, `${privateKey}\n`, 0o600);
  return privateKey;
}
