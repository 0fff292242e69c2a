/**
 * Evidence without the rest of the desk: a store, a seal, one case, origins on loopback, and captures run one by one with a clock that can be moved.
 */
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { pino } from 'pino';
import type { ReportClass } from '../../contract/desk/words.ts';
import type { CaseId, EvidenceId } from '../../contract/ids.ts';
import { Cidr } from '../../contract/network.ts';
import type { DeskConfig } from '../../control/desk/deps.ts';
import { captureNext } from '../../control/desk/evidence/captures.ts';
import type { CaptureNeeds } from '../../control/desk/evidence/captures.ts';
import { openSeal } from '../../control/desk/seal.ts';
import { instantOf } from '../../core/instant.ts';
import { askCaptureIn, captureRecordsOf } from '../../store/desk/captures.ts';
import type { CaptureRecord } from '../../store/desk/captures.ts';
import { openCaseIn } from '../../store/desk/cases.ts';
import { addEvidenceIn, findEvidence } from '../../store/desk/evidence.ts';
import type { EvidenceRecord } from '../../store/desk/evidence.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { StoreAddress } from '../../store/open.ts';
import { transact } from '../../store/transact.ts';
import { quietDesk } from './desk-deps.ts';
import { removeFolder, temporaryFolder } from './ports.ts';

export type EvidenceHouse = {
  readonly deps: CaptureNeeds;
  readonly logged: string[];
  readonly pass: (ms: number) => void;
  readonly addCase: (kind?: ReportClass) => Promise<CaseId>;
  /** An address as evidence of a case, with a capture asked for. */
  readonly addUrl: (caseId: CaseId, url: string) => Promise<EvidenceId>;
  readonly askAgain: (evidenceId: EvidenceId, url: string) => Promise<void>;
  /** Runs every capture that is due now; returns how many. */
  readonly runDue: () => Promise<number>;
  /** Adds an address, captures it, and returns what came of it. */
  readonly capture: (caseId: CaseId, url: string) => Promise<{ item: EvidenceRecord; capture: CaptureRecord }>;
  readonly stop: () => Promise<void>;
};

export async function startEvidenceHouse(
  database: StoreAddress,
  desk: Partial<DeskConfig> & { readonly dnsServers?: readonly string[] } = {},
): Promise<EvidenceHouse> {
  const { dnsServers = [], ...over } = desk;
  const folder = temporaryFolder('evidence');
  const store = await openStore(database);
  await migrate(store);
  let offsetMs = 0;
  const now = () => Date.now() + offsetMs;
  const logged: string[] = [];
  const deps: CaptureNeeds = {
    store,
    now,
    log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) }),
    seal: await openSeal({ now, store }, folder, null),
    processName: 'test',
    version: 'test',
    dnsServers,
    desk: { ...quietDesk, allowCaptures: [Cidr.parse('127.0.0.0/8')], ...over },
  };
  const addCase = (kind: ReportClass = 'harassment') =>
    transact(store, (unit) =>
      openCaseIn(unit, {
        at: instantOf(now()),
        title: 'A case',
        class: kind,
        lane: 'routine',
        laneReason: null,
        site: null,
        hostname: null,
        reason: 'a test',
        who: null,
      }),
    );
  const addUrl = (caseId: CaseId, url: string) =>
    transact(store, async ({ tx }) => {
      const at = instantOf(now());
      const { evidenceId } = await addEvidenceIn(tx, {
        caseId,
        kind: 'url',
        level: 'A0',
        artefact: url,
        title: 'A page',
        url,
        blob: null,
        eventAt: null,
        firstSeenAt: at,
        at,
        addedBy: null,
        sensitive: false,
        captureState: 'waiting',
        why: 'named in a report',
      });
      await askCaptureIn(tx, { evidenceId, url, urgent: false, at, dueAt: at });
      return evidenceId;
    });
  const runDue = async () => {
    let done = 0;
    while (await captureNext(deps, false, new AbortController().signal)) done += 1;
    return done;
  };
  return {
    deps,
    logged,
    pass: (ms) => void (offsetMs += ms),
    addCase,
    addUrl,
    askAgain: (evidenceId, url) =>
      transact(store, async ({ tx }) => {
        const at = instantOf(now());
        await askCaptureIn(tx, { evidenceId, url, urgent: false, at, dueAt: at });
      }),
    runDue,
    capture: async (caseId, url) => {
      const evidenceId = await addUrl(caseId, url);
      await runDue();
      const item = await findEvidence(store.db, evidenceId);
      const capture = (await captureRecordsOf(store.db, [evidenceId])).at(-1);
      if (item === null || capture === undefined) throw new Error('the item is there');
      return { item, capture };
    },
    stop: async () => {
      await store.close();
      removeFolder(folder);
    },
  };
}

export type Origin = { readonly url: string; readonly port: number; readonly seen: string[]; readonly stop: () => Promise<void> };

/** A web server on loopback (`host`: another address of it); with `secure`, one with that certificate. `seen` holds the paths that were asked for. */
export async function startOrigin(
  answer: RequestListener,
  secure?: { readonly key: string; readonly cert: string },
  host = '127.0.0.1',
): Promise<Origin> {
  const seen: string[] = [];
  const listener: RequestListener = (request, response) => {
    seen.push(request.url ?? '');
    answer(request, response);
  };
  const server: Server = secure === undefined ? createServer(listener) : createTlsServer(secure, listener);
  await new Promise<void>((resolve) => server.listen(0, host, () => resolve()));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `${secure === undefined ? 'http' : 'https'}://${host}:${address.port}`,
    port: address.port,
    seen,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
