/**
 * The desk's post office alone: a database, a seal, the intake and the SMTP listener, without the routes. Lets a test look at what was stored.
 */
import { defaultInsight } from '../../control/insight/config.ts';
import path from 'node:path';
import { pino } from 'pino';
import { AccountId } from '../../contract/ids.ts';
import type { DeskConfig, DeskDeps } from '../../control/desk/deps.ts';
import { openIntake } from '../../control/desk/intake/register.ts';
import { listenForMail } from '../../control/desk/post/listener.ts';
import { openOutbox } from '../../control/desk/post/outbox.ts';
import { openSeal } from '../../control/desk/seal.ts';
import { openOrderChanges } from '../../control/orders/changes.ts';
import { dnsResolver } from '../../control/sites/resolver.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { Store, StoreAddress } from '../../store/open.ts';
import { startDns } from './dns.ts';
import type { TestDns } from './dns.ts';
import { removeFolder, temporaryFolder } from './ports.ts';

export type MailDesk = {
  readonly deps: DeskDeps;
  readonly store: Store;
  readonly port: number;
  readonly dns: TestDns;
  readonly logged: string[];
  /** Moves the clock on. */
  readonly pass: (ms: number) => void;
  readonly stop: () => Promise<void>;
};

export async function startMailDesk(database: StoreAddress, desk: Partial<DeskConfig> = {}): Promise<MailDesk> {
  const folder = temporaryFolder('mail-desk');
  const logged: string[] = [];
  let offsetMs = 0;
  const now = () => Date.now() + offsetMs;
  const dns = await startDns();
  const store = await openStore(database);
  await migrate(store);
  const base = {
    store,
    now,
    log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) }),
    publicUrl: 'https://shield.example',
    provider: 'Example Shield',
    version: 'test',
    allowOrigins: [],
    breakGlassSeconds: 3600,
    insight: defaultInsight,
    houseAccount: AccountId.parse('acct_000000000000'),
    resolver: dnsResolver([dns.address]),
    processName: 'test',
    orderChanges: openOrderChanges(),
    authenticate: async () => null,
    dnsServers: [dns.address],
    desk: {
      mailListen: { host: '127.0.0.1', port: 0 },
      mailDomain: 'shield.example',
      mailRelay: null,
      allowCaptures: [],
      timestampUrls: [],
      timestampRootFile: null,
      chromium: null,
      allowNotify: [],
      ...desk,
    },
    state: folder,
    seal: await openSeal({ now, store }, path.join(folder), null),
  };
  const posting = { ...base, outbox: openOutbox(base) };
  const intake = openIntake(posting);
  const deps: DeskDeps = { ...posting, intake };
  const listener = await listenForMail(deps);
  if (listener === null) throw new Error('the listener was not started');
  return {
    deps,
    store,
    port: listener.port,
    dns,
    logged,
    pass: (ms) => void (offsetMs += ms),
    stop: async () => {
      await listener.close();
      await intake.close();
      await store.close();
      await dns.stop();
      removeFolder(folder);
    },
  };
}
