/**
 * What the mock control plane holds: one small installation, made by hand, the same at each start.
 *
 * For tests and for working on the console alone, through the contract's own schemas. Long because sites, orders, edges and people name each other.
 */
import { scopesOf } from '../../../contract/access.ts';
import type { Role } from '../../../contract/access.ts';
import type { z } from 'zod';
import { Edge } from '../../../contract/routes/edges.ts';
import { Alarm, AuditEntry } from '../../../contract/routes/house.ts';
import { Account, Me, Passkey, Person, Session, Token } from '../../../contract/routes/identity.ts';
import { Order, StoredReceipt } from '../../../contract/routes/orders.ts';
import { Site } from '../../../contract/routes/sites.ts';
import { emptyDesk, workingDesk } from './desk-state.ts';
import type { DeskState } from './desk-state.ts';

/** Ids end in a readable word, padded: `site_0000000f0rvm`. Crockford's base 32 has no i, l, o and u. */
export function mockId(prefix: string, word: string): string {
  const readable = word.replaceAll('_', '').replaceAll('i', '1').replaceAll('l', '1').replaceAll('o', '0').replaceAll('u', 'v');
  return `${prefix}_${readable.slice(-12).padStart(12, '0')}`;
}

export type MockState = {
  readonly nowMs: () => number;
  signedIn: boolean;
  setupOpen: boolean;
  me: z.infer<typeof Me>;
  sites: Site[];
  orders: Order[];
  receipts: Map<string, StoredReceipt[]>;
  edges: z.infer<typeof Edge>[];
  alarms: Alarm[];
  audit: z.infer<typeof AuditEntry>[];
  people: Person[];
  accounts: Account[];
  tokens: Token[];
  sessions: Session[];
  passkeys: Passkey[];
  hasPassword: boolean;
  recoveryCodesLeft: number;
  revision: number;
  desk: DeskState;
};

const digest = 'ab'.repeat(32);
const signature = `${'A'.repeat(86)}==`;

/** A populated installation; `roles` are those of the person who is signed in. */
export function populated(nowMs: () => number, roles: readonly Role[] = ['operator', 'lead']): MockState {
  const ago = (seconds: number) => new Date(nowMs() - seconds * 1000).toISOString();
  const ada = { personId: mockId('person', 'ada'), name: 'Ada Okafor' };
  const ben = { personId: mockId('person', 'ben'), name: 'Ben Sørensen' };
  const propagation = (revision: number, tookMs: number) => ({ revision, committedAt: ago(420), edges: 2, applied: 2, tookMs });
  const ownership = (host: string, state: 'pending' | 'proved' | 'waived') => ({
    state,
    dnsName: `_portcullis.${host}`,
    dnsValue: 'portcullis-site=7h3v9k2m4p6q8r0s1t5w',
    fileUrl: `http://${host}/.well-known/portcullis.txt`,
    fileContent: 'portcullis-site=7h3v9k2m4p6q8r0s1t5w',
    checkedAt: state === 'waived' ? null : ago(86_400),
    finding: state === 'pending' ? `No TXT record at _portcullis.${host}; the file answers 404.` : null,
  });
  const site = (given: { id: string; name: string; hostnames: string[]; host: string } & Partial<z.input<typeof Site>>) => {
    const { id, host, ...rest } = given;
    return Site.parse({
      siteId: mockId('site', id),
      accountId: mockId('acct', 'house'),
      group: 'default',
      origin: { scheme: 'http', host, port: 8000, hostHeader: null },
      originAddresses: [host],
      originFinding: null,
      mode: 'off',
      limits: { requestsPer10s: 500, concurrentPerClient: 100, concurrentPerSite: 2000 },
      networks: [],
      challenge: { expectedHashes: 65_536, clearanceSeconds: 86_400, pagesPer10Min: 300, crawlers: 'pass' },
      https: { plain: 'redirect', hsts: null, certificates: 'acme' },
      ownership: ownership(given.hostnames[0] ?? '', 'proved'),
      createdAt: ago(40 * 86_400),
      ...{ ready: true, ordersInForce: [], version: 3 },
      propagation: propagation(41, 31),
      ...rest,
    });
  };
  const inForce = mockId('order', 'threats');
  const sites = [
    site({
      id: 'forum',
      name: 'Harbour Forum',
      hostnames: ['forum.example', 'www.forum.example'],
      host: '192.0.2.7',
      mode: 'attack',
      ordersInForce: [inForce],
      networks: [
        { cidr: '198.51.100.0/24', action: 'deny' },
        { cidr: '192.0.2.64/26', action: 'allow' },
      ],
    }),
    site({ id: 'books', name: 'Bücherstube', hostnames: ['xn--bcherstube-9db.example'], host: '192.0.2.21' }),
    site({ id: 'wiki', name: 'Commons Wiki', hostnames: ['wiki.example', '*.wiki.example'], host: '192.0.2.9' }),
    site({
      id: 'new',
      name: 'radio.example',
      hostnames: ['radio.example'],
      host: '192.0.2.33',
      ready: false,
      ownership: ownership('radio.example', 'pending'),
      createdAt: ago(900),
      version: 1,
    }),
  ];
  const order = (given: { id: string; decision: string } & Partial<z.input<typeof Order>>) => {
    const { id, ...rest } = given;
    return Order.parse({
      orderId: mockId('order', id),
      state: 'confirmed',
      inForce: true,
      measure: 'notice-on-path',
      siteId: mockId('site', 'forum'),
      siteName: 'Harbour Forum',
      hostnames: [],
      path: '/board/threats',
      requestsPer10s: null,
      basis: { kind: 'own-decision' },
      internalReason: 'Three posts since Friday name a person, her street and a day; seen by Ada and by Ben independently.',
      publicReason: 'This board was used to threaten a named person with violence.',
      startsAt: ago(2 * 86_400 - 60),
      endsAt: new Date(nowMs() + 5 * 86_400_000).toISOString(),
      proposer: ada,
      proposedAt: ago(2 * 86_400),
      confirmer: ben,
      confirmedAt: ago(2 * 86_400 - 60),
      breakGlass: null,
      lifter: null,
      liftedAt: null,
      liftReason: null,
      statementUrl: `http://localhost/decisions/${given.decision}`,
      revision: 38,
      receipts: { expected: 2, enforced: 2, lifted: 0, failed: 0, tookMs: 44 },
      ...rest,
    });
  };
  const orders = [
    order({
      id: 'wait',
      decision: 'D-2026-0004',
      state: 'proposed',
      inForce: false,
      measure: 'rate-limit',
      siteId: mockId('site', 'wiki'),
      siteName: 'Commons Wiki',
      path: null,
      requestsPer10s: 20,
      internalReason: 'Scraping at forty times the usual rate since noon; the owner asked us to slow it.',
      publicReason: 'Automated copying overloaded this site.',
      proposer: ben,
      proposedAt: ago(540),
      confirmer: null,
      confirmedAt: null,
      revision: null,
      receipts: { expected: 2, enforced: 0, lifted: 0, failed: 0, tookMs: null },
    }),
    order({
      id: 'glass',
      decision: 'D-2026-0003',
      measure: 'challenge',
      siteId: mockId('site', 'books'),
      siteName: 'Bücherstube',
      path: null,
      proposer: ben,
      confirmer: null,
      confirmedAt: null,
      proposedAt: ago(1500),
      startsAt: ago(1500),
      publicReason: 'Automated orders were placed in the names of other people.',
      internalReason: 'About 300 false orders an hour; the shop cannot be reached by telephone.',
      breakGlass: {
        reason: 'Every minute sends parcels to strangers.',
        expiresAt: new Date(nowMs() + 3_600_000 * 3).toISOString(),
      },
      receipts: { expected: 2, enforced: 1, lifted: 0, failed: 1, tookMs: null },
      revision: 40,
    }),
    order({ id: 'threats', decision: 'D-2026-0002' }),
    order({
      id: 'court',
      decision: 'D-2026-0001',
      state: 'lifted',
      inForce: false,
      measure: 'notice-on-host',
      siteId: mockId('site', 'wiki'),
      siteName: 'Commons Wiki',
      hostnames: ['wiki.example'],
      path: null,
      basis: {
        kind: 'legal-order',
        authority: 'District Court of Example',
        reference: '3 O 17/26',
        authorityUrl: 'https://court.example/orders/17',
      },
      lifter: ada,
      liftedAt: ago(9 * 86_400),
      liftReason: 'The court set its order aside.',
      startsAt: ago(20 * 86_400),
      proposedAt: ago(20 * 86_400),
      confirmedAt: ago(20 * 86_400),
      receipts: { expected: 2, enforced: 0, lifted: 2, failed: 0, tookMs: 52 },
    }),
  ];
  const edge = (given: { id: string; name: string } & Partial<z.input<typeof Edge>>) => {
    const { id, ...rest } = given;
    return Edge.parse({
      edgeId: mockId('edge', id),
      group: 'default',
      state: 'current',
      revision: 41,
      head: 41,
      enrolledAt: ago(60 * 86_400),
      lastSeenAt: ago(2),
      agentVersion: '0.1.0',
      haproxyVersion: '2.6.12-1+deb12u1',
      health: { haproxy: 'up', driftRepairs: 0, sites: 3, connections: 214, requestsPerSecond: 182.4 },
      lastNack: null,
      networkData: { countries: 'there', asns: 'none' },
      applyP50Ms: 18,
      applyP99Ms: 61,
      ...rest,
    });
  };
  const edges = [
    edge({ id: 'one', name: 'edge-1', canary: true }),
    edge({
      id: 'two',
      name: 'edge-2',
      state: 'behind',
      revision: 40,
      health: { haproxy: 'reloading', driftRepairs: 2, sites: 3, connections: 96, requestsPerSecond: 71.2 },
      lastNack: { revision: 41, reason: 'refused-by-haproxy', detail: 'set map: unknown map identifier', at: ago(30) },
      applyP50Ms: 22,
      applyP99Ms: 140,
    }),
    edge({ id: 'three', name: 'edge-3', state: 'away', revision: 36, lastSeenAt: ago(5400), health: null, networkData: null }),
  ];
  const receipt = (orderId: string, edgeId: string, edgeName: string, state: 'enforced' | 'failed', tookMs: number) =>
    StoredReceipt.parse({
      receiptId: mockId('rcpt', `${edgeName.replace('edge-', '')}${orderId.slice(-5)}`),
      receivedAt: ago(1400),
      edgeName,
      receipt: {
        body: {
          edgeId,
          group: 'default',
          orderId,
          state,
          revision: 38,
          digest,
          at: ago(1400),
          tookMs,
          probe: {
            url: 'http://forum.example/board/threats',
            status: state === 'failed' ? 503 : 403,
            action: state === 'failed' ? null : 'notice',
            decision: state === 'failed' ? null : 'D-2026-0002',
          },
          detail: state === 'failed' ? 'The listener answered 503 instead of the notice.' : null,
        },
        signature,
      },
    });
  const receipts = new Map([
    [
      inForce,
      [
        receipt(inForce, mockId('edge', 'one'), 'edge-1', 'enforced', 31),
        receipt(inForce, mockId('edge', 'two'), 'edge-2', 'enforced', 44),
      ],
    ],
    [
      mockId('order', 'glass'),
      [
        receipt(mockId('order', 'glass'), mockId('edge', 'one'), 'edge-1', 'enforced', 28),
        receipt(mockId('order', 'glass'), mockId('edge', 'two'), 'edge-2', 'failed', 210),
      ],
    ],
  ]);
  const alarm = (given: { id: string } & Partial<z.input<typeof Alarm>>) => {
    const { id, ...rest } = given;
    return Alarm.parse({
      alarmId: mockId('alarm', id),
      kind: 'break-glass',
      at: ago(1500),
      sentence: 'Ben Sørensen put D-2026-0003 in force alone.',
      orderId: null,
      siteId: null,
      edgeId: null,
      caseId: null,
      acknowledgedBy: null,
      acknowledgedAt: null,
      ...rest,
    });
  };
  const person = (given: { id: string; name: string } & Partial<z.input<typeof Person>>) => {
    const { id, ...rest } = given;
    return Person.parse({
      personId: mockId('person', id),
      roles: ['analyst'],
      accountId: null,
      state: 'active',
      createdAt: ago(60 * 86_400),
      lastSignInAt: ago(7200),
      passkeys: 1,
      hasPassword: false,
      ...rest,
    });
  };
  const until = new Date(nowMs() + 11 * 3_600_000).toISOString();
  return {
    nowMs,
    signedIn: true,
    setupOpen: false,
    me: Me.parse({
      ...ada,
      roles,
      scopes: [...scopesOf(roles)],
      accountId: null,
      via: 'session',
      sessionId: mockId('sess', 'here'),
      until,
    }),
    sites,
    orders,
    receipts,
    edges,
    alarms: [
      alarm({ id: 'glass', orderId: mockId('order', 'glass') }),
      alarm({
        id: 'away',
        kind: 'edge-away',
        at: ago(5400),
        sentence: 'edge-3 has not been seen for 90 minutes. It keeps serving revision 36.',
        edgeId: mockId('edge', 'three'),
        acknowledgedBy: ada,
        acknowledgedAt: ago(5000),
      }),
    ],
    audit: [
      {
        id: 'a1',
        who: ben,
        act: 'order.break-glass',
        subject: mockId('order', 'glass'),
        detail: { decision: 'D-2026-0003' },
        at: ago(1500),
      },
      { id: 'a2', who: ada, act: 'alarm.acknowledge', subject: mockId('alarm', 'away'), detail: {}, at: ago(5000) },
      {
        id: 'a3',
        who: null,
        act: 'order.expire',
        subject: mockId('order', 'court'),
        detail: { decision: 'D-2026-0001' },
        at: ago(9000),
      },
    ].map(({ id, ...entry }) => AuditEntry.parse({ auditId: mockId('audit', id), ...entry })),
    people: [
      person({ id: 'ada', name: ada.name, roles: [...roles], passkeys: 2 }),
      person({ id: 'ben', name: ben.name, roles: ['decider'], hasPassword: true, passkeys: 0 }),
      person({
        id: 'ceren',
        name: 'Ceren Aydın',
        roles: ['analyst', 'appeals'],
        state: 'invited',
        passkeys: 0,
        lastSignInAt: null,
      }),
      person({ id: 'dev', name: 'Devi Rao', roles: ['auditor'], state: 'disabled' }),
    ],
    accounts: [Account.parse({ accountId: mockId('acct', 'house'), name: 'House', createdAt: ago(60 * 86_400), people: 1 })],
    tokens: [
      Token.parse({
        tokenId: mockId('token', 'cm'),
        personId: ada.personId,
        personName: ada.name,
        name: 'metrics on host7',
        scopes: ['status:read', 'edges:read'],
        createdAt: ago(8 * 86_400),
        expiresAt: new Date(nowMs() + 80 * 86_400_000).toISOString(),
        lastUsedAt: ago(12),
      }),
    ],
    sessions: [
      Session.parse({
        sessionId: mockId('sess', 'here'),
        current: true,
        method: 'passkey',
        createdAt: ago(3600),
        lastUsedAt: ago(1),
        until,
        agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
        network: '192.0.2.0/24',
      }),
      Session.parse({
        sessionId: mockId('sess', 'phone'),
        current: false,
        method: 'password',
        createdAt: ago(90_000),
        lastUsedAt: ago(40_000),
        until,
        agent: 'Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0',
        network: '198.51.100.0/24',
      }),
    ],
    passkeys: [
      Passkey.parse({
        credentialId: mockId('cred', 'key'),
        label: 'Blue security key',
        createdAt: ago(50 * 86_400),
        lastUsedAt: ago(3600),
        synced: false,
      }),
      Passkey.parse({
        credentialId: mockId('cred', 'phone'),
        label: 'Phone',
        createdAt: ago(20 * 86_400),
        lastUsedAt: null,
        synced: true,
      }),
    ],
    hasPassword: false,
    recoveryCodesLeft: 9,
    revision: 41,
    desk: workingDesk(nowMs),
  };
}

/** An installation on its first day: nobody has an account, nothing is there. */
export function firstDay(nowMs: () => number): MockState {
  return {
    ...populated(nowMs),
    signedIn: false,
    setupOpen: true,
    sites: [],
    orders: [],
    receipts: new Map(),
    edges: [],
    ...{ alarms: [], audit: [] },
    ...{ accounts: [], tokens: [] },
    desk: emptyDesk(nowMs),
  };
}
