import { appendFileSync, cpSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GroupName, Instant, Revision } from '../../contract/ids.ts';
import type { PolicyItem } from '../../contract/policy.ts';
import { changeDigest, itemHash } from '../../core/shield/digest.ts';
import { site } from '../../tests/harness/haproxy.ts';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { DiskCopy, openGrowingFile } from './disk-copy.ts';
import type { JournalRecord, OpenGrowing } from './disk-copy.ts';
import { PolicyState, sha256Hex } from './policy-state.ts';

let folder = '';
beforeEach(() => {
  folder = temporaryFolder('disk');
});
afterEach(() => removeFolder(folder));

const at = Instant.parse('2026-11-22T12:00:00.000Z');

/** Puts items one revision at a time into a policy, and returns the records that a journal keeps of it. */
function grow(state: PolicyState, ...steps: readonly (readonly PolicyItem[])[]): JournalRecord[] {
  return steps.map((upserts) => {
    const from = state.revision;
    const to = Revision.parse(from + 1);
    const hashes = upserts.map((item) => itemHash(item, sha256Hex));
    const digest = changeDigest(state.digest, { removed: [], added: hashes });
    state.apply({
      kind: 'delta',
      group: GroupName.parse('default'),
      from,
      to,
      upserts: [...upserts],
      removals: [],
      digest,
      committedAt: at,
    });
    return { from, to, digest, removals: [], upserts: upserts.map((item, index) => ({ item, hash: hashes[index] ?? '' })) };
  });
}

async function reopened(where = folder) {
  const { copy, loaded } = await DiskCopy.open(where);
  await copy.close();
  return loaded;
}

describe('disk copy', () => {
  it('holds nothing at first, and afterwards all that was appended', async () => {
    const { copy, loaded } = await DiskCopy.open(folder);
    expect([loaded.state.revision, loaded.mended]).toEqual([0, null]);
    const state = PolicyState.empty();
    await copy.append(grow(state, [site(1, ['a.example'], 80)], [site(2, ['b.example'], 80)]));
    await copy.append(grow(state, [site(3, ['c.example'], 80)]));
    await copy.close();
    const again = await reopened();
    expect([again.state.revision, again.state.digest, again.state.siteCount, again.mended]).toEqual([3, state.digest, 3, null]);
  });

  it('keeps policy readable by its owner only, for it holds clearance keys', async () => {
    const { copy } = await DiskCopy.open(folder);
    await copy.close();
    const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
  });

  it('uses the last whole state when the journal is cut at any byte, and goes on from there', async () => {
    const { copy } = await DiskCopy.open(folder);
    const state = PolicyState.empty();
    const ends: number[] = [];
    for (const number of [1, 2, 3]) {
      await copy.append(grow(state, [site(number, [`s${number}.example`], 80)]));
      ends.push(statSync(join(folder, 'journal-1')).size);
    }
    await copy.close();
    const size = ends.at(-1) ?? 0;
    for (let bytes = 0; bytes <= size; bytes += bytes % 7 === 0 ? 1 : 13) {
      const cut = temporaryFolder('cut');
      cpSync(folder, cut, { recursive: true });
      truncateSync(join(cut, 'journal-1'), bytes);
      const whole = ends.filter((end) => end <= bytes).length;
      const { copy: mended, loaded } = await DiskCopy.open(cut);
      expect(loaded.state.revision).toBe(whole);
      expect(loaded.mended === null).toBe(bytes === 0 || ends.includes(bytes));
      await mended.append(grow(loaded.state, [site(9, ['after.example'], 80)]));
      await mended.close();
      const again = await reopened(cut);
      expect([again.state.revision, again.mended]).toEqual([whole + 1, null]);
      removeFolder(cut);
    }
  });

  it('does not believe a journal in which a byte was changed', async () => {
    const { copy } = await DiskCopy.open(folder);
    await copy.append(grow(PolicyState.empty(), [site(1, ['a.example'], 80)], [site(2, ['b.example'], 80)]));
    await copy.close();
    const path = join(folder, 'journal-1');
    writeFileSync(path, readFileSync(path, 'utf8').replace('b.example', 'x.example'));
    const loaded = await reopened();
    expect(loaded.state.revision).toBe(1);
    expect(loaded.mended).toContain('whole only up to revision 1');
  });

  it('rebuilds a damaged snapshot from the generation before it', async () => {
    const { copy } = await DiskCopy.open(folder);
    const state = PolicyState.empty();
    await copy.append(grow(state, [site(1, ['a.example'], 80)]));
    await copy.compact(state);
    await copy.append(grow(state, [site(2, ['b.example'], 80)]));
    await copy.close();
    appendFileSync(join(folder, 'snapshot-2'), 'rot');
    const loaded = await reopened();
    expect([loaded.state.revision, loaded.state.digest]).toEqual([2, state.digest]);
    expect(loaded.mended).toContain('snapshot-2 is damaged');
  });

  it('says so and starts empty when nothing whole is left', async () => {
    const { copy } = await DiskCopy.open(folder);
    await copy.close();
    writeFileSync(join(folder, 'snapshot-1'), '');
    const loaded = await reopened();
    expect(loaded.state.revision).toBe(0);
    expect(loaded.mended).toContain('The disk copy is lost');
  });

  it('loses nothing when it is written anew between appends, and keeps two generations', async () => {
    const { copy } = await DiskCopy.open(folder);
    const state = PolicyState.empty();
    for (let number = 1; number <= 5; number += 1) {
      await copy.append(grow(state, [site(number, [`s${number}.example`], 80)]));
      await copy.compact(state);
    }
    await copy.append(grow(state, [site(6, ['s6.example'], 80)]));
    await copy.close();
    expect(readdirSync(folder).sort()).toEqual(['journal-5', 'journal-6', 'snapshot-5', 'snapshot-6']);
    expect((await reopened()).state.digest).toBe(state.digest);
  });

  it('is what it was before when the disk is full, and takes policy again when there is room', async () => {
    let room = 1_000_000;
    const full: OpenGrowing = async (path) => {
      const file = await openGrowingFile(path);
      return {
        ...file,
        write: async (text) => {
          const part = text.slice(0, room);
          room -= part.length;
          await file.write(part);
          if (part.length < text.length) throw new Error('ENOSPC: no space left on device');
        },
      };
    };
    const { copy } = await DiskCopy.open(folder, full);
    const state = PolicyState.empty();
    await copy.append(grow(state, [site(1, ['a.example'], 80)]));
    room = 100;
    const ahead = PolicyState.empty();
    grow(ahead, [site(1, ['a.example'], 80)]);
    const record = grow(ahead, [site(2, ['b.example'], 80)]);
    await expect(copy.append(record)).rejects.toThrow('ENOSPC');
    await expect(copy.replace(ahead)).rejects.toThrow('ENOSPC');
    const meanwhile = temporaryFolder('full');
    cpSync(folder, meanwhile, { recursive: true });
    expect((await reopened(meanwhile)).state.revision).toBe(1);
    removeFolder(meanwhile);
    room = 1_000_000;
    await copy.append(record);
    await copy.close();
    const loaded = await reopened();
    expect([loaded.state.revision, loaded.mended]).toEqual([2, null]);
  });

  it('does not bring back what was undone', async () => {
    const { copy } = await DiskCopy.open(folder);
    const state = PolicyState.empty();
    await copy.append(grow(state, [site(1, ['a.example'], 80)]));
    const ahead = (await reopenedCopy()).state;
    await copy.append(grow(ahead, [site(2, ['refused.example'], 80)]));
    await copy.undoAppend();
    await copy.append(grow(state, [site(3, ['c.example'], 80)]));
    await copy.close();
    const loaded = await reopened();
    expect([loaded.state.revision, loaded.state.digest, loaded.mended]).toEqual([2, state.digest, null]);
  });
});

async function reopenedCopy() {
  const elsewhere = temporaryFolder('copy');
  cpSync(folder, elsewhere, { recursive: true });
  const loaded = await reopened(elsewhere);
  removeFolder(elsewhere);
  return loaded;
}
