/**
 * What a part of the desk is handed when a test starts that part alone: a real database, a seal of its own, a clock that stands still until it is
 * moved, and no way out of the house: what would be sent and whoever would be woken is kept in lists.
 *
 * The whole control plane is started by tests/harness/control-house.ts, which opens no door of the desk either (`quietDesk`).
 */
import { defaultInsight } from '../../control/insight/config.ts';
import { pino } from 'pino';
import { scopesOf } from '../../contract/access.ts';
import type { Role } from '../../contract/access.ts';
import { PersonId, TokenId } from '../../contract/ids.ts';
import type { AccountId } from '../../contract/ids.ts';
import type { DeskConfig, DeskDeps, Outgoing } from '../../control/desk/deps.ts';
import { openSeal } from '../../control/desk/seal.ts';
import { createAuthenticate } from '../../control/identity/authenticate.ts';
import { hashOf, newApiToken } from '../../control/identity/secrets.ts';
import { openOrderChanges } from '../../control/orders/changes.ts';
import { nameKey } from '../../core/identity/people.ts';
import { instantOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import { settleHouseAccount } from '../../store/house.ts';
import { insertPerson } from '../../store/identity/people.ts';
import { insertToken } from '../../store/identity/sessions.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { Store, StoreAddress } from '../../store/open.ts';
import { apiClient } from './api.ts';
import type { Api } from './api.ts';
import { removeFolder, temporaryFolder } from './ports.ts';

/** A desk that opens no port and reaches nothing outside. */
export const quietDesk: DeskConfig = {
  mailListen: null,
  mailDomain: 'shield.example',
  mailRelay: null,
  allowCaptures: [],
  timestampUrls: [],
  timestampRootFile: null,
  chromium: null,
  allowNotify: [],
};

/** Somebody with an API token that lasts. */
export type Person = Api & { readonly personId: PersonId };

export type FakeDesk = {
  readonly store: Store;
  /** Without the door for reports: the part has one of its own, or none. */
  readonly deps: Omit<DeskDeps, 'intake'>;
  readonly now: () => number;
  readonly pass: (ms: number) => void;
  readonly person: (name: string, roles: readonly Role[], accountId?: AccountId) => Promise<Person>;
  /** Messages that would have left the house, sentences of pages, live events, lines of the log. */
  readonly sent: Outgoing[];
  readonly woken: string[];
  readonly told: string[];
  readonly logged: string[];
  /** Closes the database and removes the folder. */
  readonly stop: () => Promise<void>;
};

/** `publicUrl` is where the part will listen; without one it listens nowhere. */
export async function startFakeDesk(
  address: StoreAddress,
  { publicUrl = 'http://127.0.0.1:9' }: { readonly publicUrl?: string } = {},
): Promise<FakeDesk> {
  const store = await openStore(address);
  await migrate(store);
  const folder = temporaryFolder('desk');
  let nowMs = Date.UTC(2026, 2, 4, 10, 0, 0);
  const now = () => nowMs;
  const logged: string[] = [];
  const sent: Outgoing[] = [];
  const woken: string[] = [];
  const told: string[] = [];
  store.doorbell.onRing('live', (text) => void told.push(text));
  const provider = 'Example Shield';
  const houseAccount = await settleHouseAccount(store.db, provider, instantOf(nowMs));
  return {
    store,
    deps: {
      store,
      now,
      log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) }),
      publicUrl,
      provider,
      version: 'test',
      allowOrigins: [],
      breakGlassSeconds: 3600,
      insight: defaultInsight,
      houseAccount,
      resolver: {
        addresses: () => Promise.resolve({ addresses: [], ttlSeconds: 60 }),
        texts: () => Promise.resolve([]),
        exchanges: () => Promise.resolve([]),
      },
      orderChanges: openOrderChanges(),
      processName: 'test',
      authenticate: createAuthenticate({ store, publicUrl, now }),
      seal: await openSeal({ store, now }, folder, null),
      state: folder,
      dnsServers: [],
      desk: quietDesk,
      outbox: {
        send: async (_unit, message) => void sent.push(message),
        wake: async (_unit, page) => void woken.push(page.sentence),
        wakeFastLane: async (_unit, page) => void woken.push(page.sentence),
      },
    },
    now,
    pass: (ms) => void (nowMs += ms),
    async person(name, roles, accountId = houseAccount) {
      const personId = PersonId.parse(randomId('person'));
      const at = instantOf(nowMs);
      await insertPerson(store.db, {
        personId,
        name,
        nameKey: nameKey(name),
        roles: [...roles],
        accountId: roles.includes('owner') ? accountId : null,
        state: 'active',
        createdAt: at,
      });
      const token = newApiToken();
      await insertToken(store.db, {
        tokenId: TokenId.parse(randomId('token')),
        secretHash: hashOf(token),
        personId,
        name: 'test',
        scopes: [...scopesOf([...roles])],
        at,
        expiresAt: null,
      });
      return { ...apiClient(publicUrl, token), personId };
    },
    sent,
    woken,
    told,
    logged,
    stop: async () => {
      await store.close();
      removeFolder(folder);
    },
  };
}

/** For a part that has no door for reports. */
export const noIntake: DeskDeps['intake'] = {
  accept: () => Promise.reject(new Error('there is no door here')),
  isFlood: () => false,
};
