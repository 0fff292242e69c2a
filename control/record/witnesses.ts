/**
 * Asks witnesses to sign the record's checkpoints, as a client of C2SP tlog-witness.
 *
 * A witness that is away or lies holds nothing up: checkpoints are published with the signatures that there are (fails open, and an alarm says so). What a
 * witness answers is believed only as far as its published key signed it. What it knows of us that we do not is the thing that it is for, and
 * raises an alarm: a longer record, or another one, means that ours was restored or rewritten.
 */
import { addCheckpointText, readSize, sizeType } from '../../contract/record/add-checkpoint.ts';
import { readNote, witnessedAt } from '../../contract/record/note.ts';
import type { NoteKey } from '../../contract/record/note.ts';
import { textVerifier } from '../../kit/ed25519.ts';

export type Witness = { readonly key: NoteKey; readonly url: string };

/** What is wrong with a witness, or with us. `fork` and `longer` are about our record; the others about the witness. */
export type WitnessTrouble = {
  readonly name: string;
  readonly kind: 'fork' | 'longer' | 'lies' | 'refuses' | 'away';
  readonly detail: string;
};

export type Signed = { readonly size: number; readonly checkpoint: string };

export type WitnessAsker = {
  /** The checkpoint with the lines of all witnesses that signed it by now; the very same text when nobody is due. */
  cosign(head: Signed, proveFrom: (oldSize: number) => Promise<readonly Uint8Array[]>): Promise<string>;
};

const timeoutMs = 5000;
const mostBytes = 64 * 1024;
/** A witness that did not sign is asked again after so long. */
const againMs = 30_000;

type State = { size: number; afterMs: number; asked: boolean };

/** `told` hears of every trouble; it keeps what is said twice from being two alarms. */
export function askWitnesses(
  witnesses: readonly Witness[],
  nowMs: () => number,
  told: (trouble: WitnessTrouble) => Promise<void>,
  ask: typeof fetch = fetch,
): WitnessAsker {
  const states = new Map<Witness, State>(witnesses.map((witness) => [witness, { size: 0, afterMs: 0, asked: false }]));

  const hasSigned = ({ key }: Witness, checkpoint: string): boolean => {
    const note = readNote(checkpoint);
    return note !== null && witnessedAt(note, key, (public_, text, signature) => textVerifier(public_)(text, signature)) !== null;
  };

  async function lineOf(
    witness: Witness,
    state: State,
    head: Signed,
    proveFrom: (oldSize: number) => Promise<readonly Uint8Array[]>,
  ) {
    const { name } = witness.key;
    const trouble = async (kind: WitnessTrouble['kind'], detail: string): Promise<null> => {
      state.afterMs = nowMs() + againMs;
      await told({ name, kind, detail });
      return null;
    };
    // Twice: a witness that knows another size says so, and is asked again from there.
    for (let tries = 0; tries < 2; tries += 1) {
      const oldSize = Math.min(state.size, head.size);
      const body = addCheckpointText({ oldSize, proof: await proveFrom(oldSize), checkpoint: head.checkpoint });
      let answered: { status: number; type: string; text: string };
      try {
        answered = await post(ask, witness.url, body);
      } catch (error) {
        return trouble('away', error instanceof Error ? error.message : String(error));
      }
      const { status, type, text } = answered;
      if (status === 200) {
        if (!hasSigned(witness, head.checkpoint + text))
          return trouble('lies', 'its answer is not its signature of this checkpoint');
        state.size = head.size;
        state.asked = true;
        return hasSigned(witness, head.checkpoint) ? null : text;
      }
      const size = status === 409 && type === sizeType ? readSize(text.replace(/\n$/, '')) : null;
      if (size !== null && size > head.size)
        return trouble('longer', `it signed ${size} leaves, and there are ${head.size} here`);
      if (size === null || tries > 0) {
        const kind = status === 422 || (status === 409 && size === null) ? 'fork' : 'refuses';
        return trouble(kind, `it answered ${status}: ${text.slice(0, 200).trim()}`);
      }
      state.size = size;
    }
    return null;
  }

  return {
    async cosign(head, proveFrom) {
      // Each once after the start, whatever stands there: who was restored from a backup learns it before the next leaf.
      const due = [...states].filter(
        ([witness, { afterMs, asked }]) => nowMs() >= afterMs && !(asked && hasSigned(witness, head.checkpoint)),
      );
      const lines = await Promise.all(due.map(([witness, state]) => lineOf(witness, state, head, proveFrom)));
      return head.checkpoint + lines.filter((line) => line !== null).join('');
    },
  };
}

async function post(ask: typeof fetch, url: string, body: string) {
  const response = await ask(`${url.replace(/\/+$/, '')}/add-checkpoint`, {
    method: 'POST',
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  let text = '';
  const decoder = new TextDecoder();
  const chunks: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of chunks ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > mostBytes) throw new Error(`it answered more than ${mostBytes} bytes`);
  }
  return { status: response.status, type: response.headers.get('content-type') ?? '', text };
}
