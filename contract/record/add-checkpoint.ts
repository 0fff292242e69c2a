/**
 * What a log asks of a witness: `POST /add-checkpoint` of C2SP tlog-witness, as text. Parsing and writing only; what a witness answers to it is in
 * control/record/witness/.
 */
import { fromBase64, toBase64 } from './base64.ts';
import { hashBytes } from './tree.ts';

export type AddCheckpoint = {
  /** The size that the witness signed last, as the log believes. */
  readonly oldSize: number;
  /** That the tree of that size is the beginning of the checkpoint's. */
  readonly proof: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
};

/** What a witness knows of a log, when the log believed something else. */
export const sizeType = 'text/x.tlog.size';

const longestProof = 63;

export function addCheckpointText({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  return `${[`old ${oldSize}`, ...proof.map(toBase64)].join('\n')}\n\n${checkpoint}`;
}

/** Takes a request apart; null when it is none. */
export function readAddCheckpoint(text: string): AddCheckpoint | null {
  const cut = text.indexOf('\n\n');
  if (cut < 0) return null;
  const [first = '', ...lines] = text.slice(0, cut).split('\n');
  const oldSize = readSize(/^old (.*)$/.exec(first)?.[1] ?? '');
  if (oldSize === null || lines.length > longestProof) return null;
  const proof: Uint8Array[] = [];
  for (const line of lines) {
    const hash = fromBase64(line);
    if (hash?.length !== hashBytes) return null;
    proof.push(hash);
  }
  return { oldSize, proof, checkpoint: text.slice(cut + 2) };
}

/** A decimal size without leading zeroes; null for anything else. */
export function readSize(text: string): number | null {
  const size = Number(text);
  return /^(0|[1-9][0-9]{0,15})$/.test(text) && Number.isSafeInteger(size) ? size : null;
}
