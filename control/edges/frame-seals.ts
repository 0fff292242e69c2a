/**
 * Frames as relays carry them: sealed once with a key that only edges of that group are told, each through its own sealed channel.
 *
 * Keys are of this process and made anew when an edge is revoked, so that a revoked edge and a relay together read nothing more. Nobody proves
 * anything by these keys: that a frame is the control plane's is shown by its signature, inside.
 */
import type { KeyObject } from 'node:crypto';
import type { GroupName } from '../../contract/ids.ts';
import { channelMark, frameContext, numberBytes } from '../../contract/relay.ts';
import { boxKey, newBoxKey, sealBox } from '../../kit/sealed-box.ts';
import type { Frame } from './frames.ts';

export type FrameKey = { readonly number: number; readonly bytes: Buffer; readonly key: KeyObject };
/** `bytes`: the whole message of a channel. */
export type SealedFrame = { readonly key: FrameKey; readonly bytes: Buffer };

export class FrameSeals {
  readonly #keys = new Map<GroupName, FrameKey>();
  readonly #sealed = new WeakMap<Frame, SealedFrame>();
  #next = 1;

  /** The same object for the same frame, as long as its group has the same key. */
  of(frame: Frame): SealedFrame {
    const key = this.#keyOf(frame.group);
    const known = this.#sealed.get(frame);
    if (known?.key === key) return known;
    const box = sealBox(key.key, frameContext, frame.message);
    const sealed = { key, bytes: Buffer.concat([Buffer.of(channelMark.frame), numberBytes([key.number]), box]) };
    this.#sealed.set(frame, sealed);
    return sealed;
  }

  /** From here on every group has a new key. */
  renew(): void {
    this.#keys.clear();
  }

  #keyOf(group: GroupName): FrameKey {
    const known = this.#keys.get(group);
    if (known !== undefined) return known;
    const bytes = newBoxKey();
    const made = { number: this.#next, bytes, key: boxKey(bytes) };
    this.#next += 1;
    this.#keys.set(group, made);
    return made;
  }
}
