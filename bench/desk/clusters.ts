/**
 * What reading a report into its cluster costs when there are 10,000 reports already, and when there are a million.
 *
 * The store is filled by SQL with keys that nobody shares (the worst for an index), for half of the reports: the other half are copies. Then real
 * reports are keyed and joined in batches as the reading does it, half copies of a campaign and half new. Only joining is timed, with its
 * commit; the keys are computed apart (`keysMs`). The figure is the ratio of medians: flat is 1.
 */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Instant, ReportId } from '../../contract/ids.ts';
import { clusterKeys, clusterMethod } from '../../core/desk/clusters.ts';
import { partsOf } from '../../core/desk/volume.ts';
import { randomId } from '../../kit/random-id.ts';
import { functionWords } from '../../core/desk/clusters-words.ts';
import { joinClusters, lockClusters } from '../../store/desk/clusters.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/open.ts';
import { transact } from '../../store/transact.ts';
import { campaigns, fill, picker } from '../../tests/harness/desk-texts.ts';
import { startPostgres } from '../../tests/harness/postgres.ts';

export type ClusterFigures = {
  readonly small: number;
  readonly large: number;
  /** Median milliseconds of joining one report, in a batch. */
  readonly smallMs: number;
  readonly largeMs: number;
  /** `largeMs / smallMs`. */
  readonly ratio: number;
  /** Median milliseconds of computing the keys of one report. */
  readonly keysMs: number;
  readonly keysOfOne: number;
};

const at = Instant.parse('2026-03-04T10:00:00.000Z');
const batchSize = 60;

export async function measureClusters(
  options: { readonly small?: number; readonly large?: number; readonly batches?: number } = {},
): Promise<ClusterFigures> {
  const { small = 10_000, large = 1_000_000, batches = 60 } = options;
  const server = await startPostgres();
  const store = await openStore(await server.database());
  try {
    await migrate(store);
    const keysOf = clusterKeys((text) => createHash('sha256').update(text).digest('base64url'));
    const pick = picker(1);
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    const word = () => Array.from({ length: 3 + pick(7) }, () => letters[pick(26)] ?? 'a').join('');
    const small40 = [...functionWords].slice(0, 40);
    const anyWord = () => (pick(2) === 0 ? word() : (small40[pick(small40.length)] ?? 'the'));
    const text = (index: number) => (index % 2 === 0 ? fill(campaigns.en, pick) : Array.from({ length: 80 }, anyWord).join(' '));
    const keyMs: number[] = [];
    const makeBatch = () =>
      Array.from({ length: batchSize }, (_, index) => {
        const urls = [`https://forum.example/t/${pick(12)}`];
        const begun = performance.now();
        const keys = keysOf({ scope: 'open forum.example', text: text(index), urls });
        keyMs.push(performance.now() - begun);
        return {
          reportId: ReportId.parse(randomId('rep')),
          keys,
          parts: partsOf({ artefacts: urls, role: 'unsaid', proof: 'none', mark: null }),
          present: null,
        };
      });
    const keysOfOne = makeBatch()[1]?.keys.length ?? 0;
    let filled = 0;
    const measure = async (count: number) => {
      await fillKeys(store, filled, count, keysOfOne);
      filled = count;
      await timeBatches(store, makeBatch, 10);
      return median(await timeBatches(store, makeBatch, batches));
    };
    const smallMs = await measure(small);
    const largeMs = await measure(large);
    return { small, large, smallMs, largeMs, ratio: largeMs / smallMs, keysMs: median(keyMs), keysOfOne };
  } finally {
    await store.close();
    await server.stop();
  }
}

/**
 * Clusters from one number to another, every second of them with keys of its own: the other half are copies, which bring none. The index
 * is made anew at the end, so that filling costs least.
 */
async function fillKeys(store: Store, from: number, to: number, keys: number): Promise<void> {
  const those = `generate_series(${from}, ${to - 1}, 2) as i`;
  const clusterId = "'clus_' || lpad(i::text, 12, '0')";
  await store.runScript(`
    alter table cluster_key drop constraint cluster_key_pkey;
    insert into cluster (cluster_id, parent, method, case_id, n, k, w, created_at)
      select ${clusterId}, null, '${clusterMethod}', null, 1, 1, 0, '${at}' from ${those};
    insert into cluster_key (key, cluster_id)
      select substr(md5(i || ' ' || k), 1, 13), ${clusterId} from ${those}, generate_series(1, ${keys}) as k;
    alter table cluster_key add constraint cluster_key_pkey primary key (key);
    analyze cluster, cluster_key;
  `);
}

async function timeBatches(store: Store, makeBatch: () => Parameters<typeof joinClusters>[1], count: number): Promise<number[]> {
  const tookMs: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const batch = makeBatch();
    const begun = performance.now();
    await transact(store, async ({ tx }) => {
      await lockClusters(tx);
      await joinClusters(tx, batch, at);
    });
    tookMs.push((performance.now() - begun) / batch.length);
  }
  return tookMs;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
