/**
 * From bytes that claim to be policy to policy that may be believed: signature, shape, group, and the parts of a snapshot.
 *
 * Fails closed: whatever does not verify or parse is refused with the reason that the NACK carries, and nothing of it is used.
 * The signature is checked over the text as it came, before the text is parsed.
 */
import { Revision } from '../../contract/ids.ts';
import type { GroupName } from '../../contract/ids.ts';
import type { PolicyItem } from '../../contract/policy.ts';
import { FramePayload } from '../../contract/stream.ts';
import type { SignedFrame } from '../../contract/stream.ts';
import type { VerifyText } from '../../kit/ed25519.ts';
import { itemHash } from '../../core/shield/digest.ts';
import { FrameRefused, PolicyState, sha256Hex } from './policy-state.ts';
import type { HeldItem } from './policy-state.ts';

type SnapshotPart = Extract<FramePayload, { kind: 'snapshot' }>;

/** The payload of a frame that the control plane signed for this group; throws FrameRefused otherwise. */
export function readFrame(frame: SignedFrame, verify: VerifyText, group: GroupName): FramePayload {
  if (!verify(frame.payload, frame.signature)) {
    throw new FrameRefused('bad-signature', 'The signature of the frame does not verify with the policy key of this group.');
  }
  let json: unknown;
  try {
    json = JSON.parse(frame.payload);
  } catch {
    throw new FrameRefused('bad-policy', 'The payload of the frame is not JSON.');
  }
  const parsed = FramePayload.safeParse(json);
  if (!parsed.success) {
    const mistakes = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new FrameRefused('bad-policy', `The payload does not fit its schema (${mistakes.join('; ')}).`);
  }
  if (parsed.data.group !== group) {
    throw new FrameRefused('wrong-group', `The frame is for group ${parsed.data.group}; this edge is of ${group}.`);
  }
  return parsed.data;
}

/** Puts the parts of a snapshot together; they come in order, and part 0 starts anew. */
export class SnapshotParts {
  #first: SnapshotPart | null = null;
  #next = 0;
  #items: HeldItem[] = [];

  /**
   * Takes one part; returns the whole policy after the last one, `null` before. Throws FrameRefused when parts are missing or do not
   * belong together (`gap`), when the snapshot is older than what is held, or when its digest is not that of its items.
   */
  add(part: SnapshotPart, heldRevision: Revision): PolicyState | null {
    if (part.revision < heldRevision) {
      this.#clear();
      throw new FrameRefused('older-revision', `The snapshot is of revision ${part.revision}; this edge holds ${heldRevision}.`);
    }
    if (part.part === 0) {
      this.#clear();
      this.#first = part;
    }
    const first = this.#first;
    const fits =
      first !== null &&
      part.part === this.#next &&
      part.revision === first.revision &&
      part.digest === first.digest &&
      part.parts === first.parts &&
      part.part < part.parts;
    if (!fits) {
      this.#clear();
      throw new FrameRefused(
        'gap',
        `Part ${part.part} of ${part.parts} of the snapshot of revision ${part.revision} does not follow.`,
      );
    }
    for (const item of part.items) this.#items.push({ item, hash: hashOf(item) });
    this.#next += 1;
    if (this.#next < part.parts) return null;
    const items = this.#items;
    this.#clear();
    const state = new PolicyState(part.revision, items);
    if (state.digest !== part.digest) {
      throw new FrameRefused(
        'digest-mismatch',
        `The snapshot of revision ${part.revision} does not have the digest that it claims.`,
      );
    }
    state.check();
    return state;
  }

  #clear(): void {
    this.#first = null;
    this.#next = 0;
    this.#items = [];
  }
}

function hashOf(item: PolicyItem): string {
  return itemHash(item, sha256Hex);
}
