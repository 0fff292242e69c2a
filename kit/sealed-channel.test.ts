import { describe, expect, it } from 'vitest';
import { newExchangeKey } from './sealed-channel.ts';

function pair() {
  const one = newExchangeKey();
  const other = newExchangeKey();
  const opener = one.channelWith(other.publicKey, 'opener');
  const answerer = other.channelWith(one.publicKey, 'answerer');
  if (opener === null || answerer === null) throw new Error('two fresh keys make a channel');
  return { opener, answerer };
}
const bytes = (text: string) => Buffer.from(text);

describe('a sealed channel', () => {
  it('carries messages both ways, in their order, also empty ones', () => {
    const { opener, answerer } = pair();
    for (const text of ['one', '', 'three']) {
      expect(answerer.open(opener.seal(bytes(text)))?.toString()).toBe(text);
      expect(opener.open(answerer.seal(bytes(text)))?.toString()).toBe(text);
    }
  });

  it.each([
    ['altered', (box: Buffer) => [Buffer.concat([Buffer.of((box[0] ?? 0) ^ 1), box.subarray(1)])]],
    ['shortened', (box: Buffer) => [box.subarray(0, -1)]],
    ['cut below its seal', () => [Buffer.alloc(3)]],
    ['repeated', (box: Buffer) => [box, box]],
  ])('is over for good when a message was %s', (_what, spoil) => {
    const { opener, answerer } = pair();
    expect(
      spoil(opener.seal(bytes('hello')))
        .map((box) => answerer.open(box))
        .at(-1),
    ).toBeNull();
    expect(answerer.open(opener.seal(bytes('later')))).toBeNull();
  });

  it('is over when a message was dropped, or sent back to whoever sealed it', () => {
    const { opener, answerer } = pair();
    opener.seal(bytes('dropped'));
    expect(answerer.open(opener.seal(bytes('next')))).toBeNull();
    const again = pair();
    expect(again.opener.open(again.opener.seal(bytes('mirror')))).toBeNull();
  });

  it('does not come about with a key that is none, or that makes the same secret with everybody', () => {
    expect(newExchangeKey().channelWith('bm90IGEga2V5', 'opener')).toBeNull();
    expect(newExchangeKey().channelWith(Buffer.alloc(32).toString('base64'), 'opener')).toBeNull();
  });
});
