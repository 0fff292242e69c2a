/**
 * Intake and reading on a real database, without HTTP and without a timer: reports come in by the real door and are read when the test says so.
 */
import type { AccountId } from '../../contract/ids.ts';
import { GroupName, SiteId } from '../../contract/ids.ts';
import { parseHostname } from '../../contract/hostname.ts';
import { clusterKeys } from '../../core/desk/clusters.ts';
import type { Claim } from '../../core/desk/clusters.ts';
import { instantOf } from '../../core/instant.ts';
import type { Accepted, DeskDeps, Incoming } from '../../control/desk/deps.ts';
import { openIntake } from '../../control/desk/intake/intake.ts';
import { readTurn } from '../../control/desk/reading/register.ts';
import type { Reader } from '../../control/desk/reading/read.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Store, StoreAddress } from '../../store/open.ts';
import { startFakeDesk } from './desk-deps.ts';

export type ReadingHouse = {
  readonly deps: Pick<DeskDeps, 'store' | 'now' | 'log'>;
  readonly store: Store;
  readonly houseAccount: AccountId;
  readonly woken: string[];
  readonly told: string[];
  readonly logged: string[];
  readonly pass: (ms: number) => void;
  readonly send: (facts: Partial<Incoming>) => Promise<Accepted>;
  readonly keysOf: (claim: Claim) => string[];
  /** Reads what waits; the maker of keys can be another one. */
  readonly read: (keysOf?: (claim: Claim) => string[]) => Promise<void>;
  /** One turn of reading while reports come in as a flood. */
  readonly readInFlood: () => Promise<void>;
  readonly site: (name: string, hostnames: readonly string[]) => Promise<SiteId>;
  readonly stop: () => Promise<void>;
};

const incoming: Incoming = {
  channel: 'api',
  class: 'harassment',
  fastLane: false,
  text: '',
  urls: [],
  hostname: null,
  happenedAt: null,
  role: 'unsaid',
  contact: null,
  proof: 'none',
  forwardConsent: false,
  wantsSafetyContact: false,
  files: [],
  machine: {},
  raw: null,
};

export async function startReadingHouse(address: StoreAddress): Promise<ReadingHouse> {
  const fake = await startFakeDesk(address);
  const { store, deps } = fake;
  const { houseAccount } = deps;
  const now = () => instantOf(fake.now());
  const intake = openIntake(deps);
  const reader: Reader = { deps, keysOf: clusterKeys((text) => deps.seal.mark(text)) };
  return {
    deps,
    store,
    houseAccount,
    woken: fake.woken,
    told: fake.told,
    logged: fake.logged,
    pass: fake.pass,
    keysOf: reader.keysOf,
    send: (facts) => intake.accept({ ...incoming, ...facts }),
    async read(keysOf = reader.keysOf) {
      // A turn ends by itself after a while; what waits for its time is not read.
      for (let turn = 0; turn < 100; turn += 1) {
        await readTurn(deps, { ...reader, keysOf });
        const left = await store.db
          .selectFrom('report')
          .select('report_id')
          .where('processed_at', 'is', null)
          .where((where) => where.or([where('read_again_at', 'is', null), where('read_again_at', '<=', now())]))
          .limit(1)
          .executeTakeFirst();
        if (left === undefined) return;
      }
      throw new Error('reports are left that were not read');
    },
    readInFlood: () => readTurn(deps, reader, () => true),
    async site(name, hostnames) {
      const siteId = SiteId.parse(randomId('site'));
      await store.db
        .insertInto('edge_group')
        .values({
          group_name: GroupName.parse('default'),
          revision: 0,
          digest: '',
          committed_at: now(),
          log_from: 0,
          last_key_number: 0,
          key_rotated_at: now(),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await store.db
        .insertInto('site')
        .values({
          site_id: siteId,
          account_id: houseAccount,
          group_name: GroupName.parse('default'),
          name,
          origin_scheme: 'http',
          origin_host: '127.0.0.1',
          origin_port: 80,
          origin_host_header: null,
          origin_addresses: '[]',
          origin_finding: null,
          resolve_at: null,
          mode: 'off',
          limits: '{}',
          networks: '[]',
          challenge: '{}',
          ownership_token: 'token',
          ownership_checked_at: null,
          ownership_finding: null,
          ready: true,
          version: 1,
          created_at: now(),
          revision: null,
          committed_at: null,
        })
        .execute();
      await store.db
        .insertInto('site_hostname')
        .values(
          hostnames.map((hostname, position) => {
            const parsed = parseHostname(hostname);
            if (!parsed.ok) throw new Error(parsed.why);
            return {
              account_id: houseAccount,
              hostname: parsed.hostname,
              site_id: siteId,
              position,
              ownership: 'waived' as const,
            };
          }),
        )
        .execute();
      return siteId;
    },
    async stop() {
      await intake.close();
      await fake.stop();
    },
  };
}
