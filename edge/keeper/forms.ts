/**
 * Forms that wait for their senders to pass a check: sealed, bounded, handed out once.
 *
 * Each is sealed with a key of its own that is given away at once and not kept, so whoever reads this memory, or has a reference without its key, reads
 * nothing. A form is `kept`, then `sending`, then `sent`; what was sent leaves a mark until its time is over, so that a second delivery is known
 * for one. Taking is one step of one thread: of any number of deliveries one gets the form.
 * Bounded in bytes and in number: in all, per site, per network of visitors. Over a bound nothing is kept, and the visitor is told.
 * What can still go wrong: this process ends, and all that it kept is gone; a browser's own Back button has it.
 */
import { z } from 'zod';
import { boxKey, boxKeyBytes, newBoxKey, openBox, sealBox } from '../../kit/sealed-box.ts';
import { secretBytes } from '../../kit/random-bytes.ts';

/** How long a form is kept. */
export const keptForMs = 15 * 60_000;

export type Bounds = {
  /** Bytes of all forms, with what is still arriving. */
  readonly bytes: number;
  readonly bytesPerSite: number;
  readonly bytesPerNetwork: number;
  /** Forms and marks of sent ones. */
  readonly forms: number;
  readonly formsPerNetwork: number;
};

const mib = 1_048_576;
export const usualBounds: Bounds = {
  bytes: 128 * mib,
  bytesPerSite: 48 * mib,
  bytesPerNetwork: 16 * mib,
  forms: 50_000,
  formsPerNetwork: 300,
};

/** Where a form came from: `host` is the Host header, `network` any name of the visitor's network. */
export type Origin = { readonly siteId: string; readonly host: string; readonly network: string };

export type Form = {
  readonly method: string;
  /** Path and query as they were asked for. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
};

/** Room that was set aside for a form that is still arriving. */
export type Room = {
  /** Seals and keeps the form, and gives back `reference.key` (hex): the only copy of the key. */
  readonly keep: (form: Form) => string;
  /** Gives the room back, if it was not used. */
  readonly leave: () => void;
};

export type Taken =
  | {
      readonly kind: 'form';
      readonly form: Form;
      /** It has left, or may have. */
      readonly sent: () => void;
      /** Nothing of it has left: it can be taken again until its time is over. */
      readonly putBack: () => void;
    }
  | { readonly kind: 'used' }
  | { readonly kind: 'gone' };

type Entry = {
  readonly siteId: string;
  readonly network: string;
  readonly untilMs: number;
  /** Null once it was sent. */
  box: Buffer | null;
  bytes: number;
  sending: boolean;
};

const FormHead = z.object({ method: z.string(), target: z.string(), headers: z.array(z.tuple([z.string(), z.string()])) });
const referenceBytes = 16;
/** `reference.key` as it travels. */
export const ticketPattern = `[0-9a-f]{${2 * referenceBytes}}\\.[0-9a-f]{${2 * boxKeyBytes}}`;
export const ticketLength = 2 * referenceBytes + 1 + 2 * boxKeyBytes;
const ticketForm = new RegExp(`^${ticketPattern}$`);

export class Forms {
  readonly #nowMs: () => number;
  readonly #bounds: Bounds;
  /** In the order in which they end: all are kept for the same time. */
  readonly #entries = new Map<string, Entry>();
  readonly #siteBytes = new Map<string, number>();
  readonly #networkBytes = new Map<string, number>();
  readonly #networkForms = new Map<string, number>();
  #bytes = 0;
  #arriving = 0;

  constructor(nowMs: () => number, bounds: Bounds = usualBounds) {
    this.#nowMs = nowMs;
    this.#bounds = bounds;
  }

  /** Bytes that are held, with room for what is still arriving; and how many forms and marks. */
  get held(): { readonly bytes: number; readonly forms: number } {
    return { bytes: this.#bytes, forms: this.#entries.size };
  }

  /** Sets room aside for a form of at most so many bytes; null when a bound is reached. */
  room(from: Origin, bytes: number): Room | null {
    this.sweep();
    const { siteId, network } = from;
    const bounds = this.#bounds;
    const full =
      this.#bytes + bytes > bounds.bytes ||
      (this.#siteBytes.get(siteId) ?? 0) + bytes > bounds.bytesPerSite ||
      (this.#networkBytes.get(network) ?? 0) + bytes > bounds.bytesPerNetwork ||
      this.#entries.size + this.#arriving >= bounds.forms ||
      (this.#networkForms.get(network) ?? 0) >= bounds.formsPerNetwork;
    if (full) return null;
    this.#count(siteId, network, bytes);
    add(this.#networkForms, network, 1);
    this.#arriving += 1;
    let open = true;
    const close = () => {
      if (!open) return false;
      open = false;
      this.#arriving -= 1;
      return true;
    };
    return {
      leave: () => {
        if (!close()) return;
        this.#count(siteId, network, -bytes);
        add(this.#networkForms, network, -1);
      },
      keep: (form) => {
        if (!close()) throw new RangeError('room for a form is used once');
        const reference = secretBytes(referenceBytes).toString('hex');
        const key = newBoxKey();
        const box = sealBox(boxKey(key), contextOf(reference, from), encode(form));
        this.#count(siteId, network, box.byteLength - bytes);
        const untilMs = this.#nowMs() + keptForMs;
        this.#entries.set(reference, { siteId, network, untilMs, box, bytes: box.byteLength, sending: false });
        const ticket = `${reference}.${key.toString('hex')}`;
        key.fill(0);
        return ticket;
      },
    };
  }

  /** Takes a form for delivery. Whoever has no key, or another site's or host's, gets nothing and changes nothing. */
  take(ticket: string, from: Omit<Origin, 'network'>): Taken {
    this.sweep();
    if (!ticketForm.test(ticket)) return { kind: 'gone' };
    const [reference = '', key = ''] = ticket.split('.');
    const entry = this.#entries.get(reference);
    if (entry === undefined) return { kind: 'gone' };
    if (entry.box === null || entry.sending) return { kind: 'used' };
    const opened = openBox(boxKey(Buffer.from(key, 'hex')), contextOf(reference, from), entry.box);
    const form = opened === null ? null : decode(opened);
    if (form === null) return { kind: 'gone' };
    entry.sending = true;
    return {
      kind: 'form',
      form,
      sent: () => {
        this.#count(entry.siteId, entry.network, -entry.bytes);
        entry.bytes = 0;
        entry.box = null;
        entry.sending = false;
      },
      putBack: () => (entry.sending = false),
    };
  }

  /** Forgets what is over. What is being sent is forgotten too: whoever sends it holds it. */
  sweep(): void {
    const nowMs = this.#nowMs();
    for (const [reference, entry] of this.#entries) {
      if (entry.untilMs > nowMs) break;
      this.#entries.delete(reference);
      this.#count(entry.siteId, entry.network, -entry.bytes);
      entry.bytes = 0;
      add(this.#networkForms, entry.network, -1);
    }
  }

  #count(siteId: string, network: string, bytes: number): void {
    this.#bytes += bytes;
    add(this.#siteBytes, siteId, bytes);
    add(this.#networkBytes, network, bytes);
  }
}

function add(counts: Map<string, number>, key: string, more: number): void {
  const now = (counts.get(key) ?? 0) + more;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}

function contextOf(reference: string, { siteId, host }: Omit<Origin, 'network'>): string {
  return `kept form|${reference}|${siteId}|${host.toLowerCase()}`;
}

/** Length of the head, the head as JSON, the body as it is. */
function encode({ method, target, headers, body }: Form): Buffer {
  const head = Buffer.from(JSON.stringify({ method, target, headers }), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.byteLength);
  return Buffer.concat([length, head, body]);
}

function decode(bytes: Buffer): Form | null {
  const end = 4 + bytes.readUInt32BE(0);
  const head: unknown = JSON.parse(bytes.subarray(4, end).toString('utf8'));
  const parsed = FormHead.safeParse(head);
  return parsed.success ? { ...parsed.data, body: bytes.subarray(end) } : null;
}
