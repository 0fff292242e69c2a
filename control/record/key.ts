/**
 * The key that signs the record's checkpoints: made on the first start, in a file of mode 600, the same in every control process.
 *
 * Its published form (`NAME+ID+KEY`) stands in the database, and with it the record's name, which never changes again: the public address of the
 * first start. Another key than the published one ends the start (fails closed): everybody who kept it would refuse what we sign.
 */
import { readFileSync } from 'node:fs';
import { noteKey, noteKeyText, readNoteKey } from '../../contract/record/note.ts';
import type { NoteKey } from '../../contract/record/note.ts';
import { writeDurable } from '../../kit/durable.ts';
import { generateSigningKeyPair, publicKeyOf, textSigner } from '../../kit/ed25519.ts';
import type { SignText } from '../../kit/ed25519.ts';
import { settleFact } from '../../store/house.ts';
import type { Store } from '../../store/open.ts';
import { sha256 } from '../../kit/sha256.ts';

const fact = 'record-key';

/** Loads or makes the key. Throws an Error with a sentence: unreadable, or another one than was published. */
export async function loadRecordKey(store: Store, file: string, publicUrl: string): Promise<{ key: NoteKey; sign: SignText }> {
  const privateKey = readKey(file) ?? (await makeKey(file));
  let publicKey: string;
  try {
    publicKey = publicKeyOf(privateKey);
  } catch (cause) {
    throw new Error(`The key of the record in ${file} is not 32 bytes in base64.`, { cause });
  }
  const first = noteKey(sha256, `${new URL(publicUrl).host}/record`, publicKey);
  const key = readNoteKey(sha256, await settleFact(store.db, fact, noteKeyText(first)));
  if (key?.publicKey !== publicKey) {
    throw new Error(
      `The key of the record in ${file} is not the one that was published. Copy record.key from the other control process, ` +
        'or restore it from its backup. Nothing was changed.',
    );
  }
  return { key, sign: textSigner(privateKey) };
}

function readKey(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new Error(`The key of the record in ${file} cannot be read.`, { cause: error });
  }
}

async function makeKey(file: string): Promise<string> {
  const { privateKey } = generateSigningKeyPair();
  await writeDurable(file, `${privateKey}\n`, 0o600);
  return privateKey;
}
