/**
 * Who may do what: every role at every route, every cell of contract/access.ts; and every tenant at what belongs to another.
 *
 * The table of routes is read from contract/routes and compared with what the server serves, so that a new route is in the matrix or the test
 * fails. Ids in paths name nothing: whoever is allowed gets past the door to a 404 or a 400, whoever is not gets the 403 before either.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Role, roleScopes } from '../contract/access.ts';
import { idPrefix, NoticeId } from '../contract/ids.ts';
import type { AccountId, CaseId, SiteId } from '../contract/ids.ts';
import { Problem } from '../contract/errors.ts';
import { eventsPath, LiveEvent } from '../contract/routes/house.ts';
import { addAccount, addPersonWithToken } from '../contract/routes/identity.ts';
import type { Route } from '../contract/routes/route.ts';
import { addSite, getSite } from '../contract/routes/sites.ts';
import { actOnCase, getCase as getCaseRoute, openCase } from '../contract/routes/desk/cases.ts';
import { answerNotice, exportSite, listOwnerNotices } from '../contract/routes/desk/owners.ts';
import { exportPath } from '../contract/routes/desk/evidence.ts';
import { randomId } from '../kit/random-id.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/open.ts';
import { transact } from '../store/transact.ts';
import { apiClient, refusalOf } from './harness/api.ts';
import type { Api } from './harness/api.ts';
import { startControlHouse } from './harness/control-house.ts';
import type { ControlHouse } from './harness/control-house.ts';
import { until } from './harness/ports.ts';
import { postgresDatabase } from './harness/stores.ts';
import type { SharedDatabase } from './harness/stores.ts';

let database: SharedDatabase;
let store: Store;
let house: ControlHouse;
let owner: Api & { readonly accountId: AccountId };
let neighbour: Api & { readonly accountId: AccountId };

beforeAll(async () => {
  database = await postgresDatabase();
  house = await startControlHouse(database.address);
  store = await openStore(database.address);
  owner = await tenant('First Customer');
  neighbour = await tenant('Second Customer');
}, 60_000);
afterAll(async () => {
  await house?.stop();
  await store?.close();
  await database?.drop();
});

async function tenant(name: string) {
  const { account } = await house.operator().call(addAccount, { body: { name, ownerName: `${name} invited` } });
  const { token } = await house.operator().call(addPersonWithToken, {
    body: { name: `Owner of ${name}`, roles: ['owner'], accountId: account.accountId },
  });
  return { ...apiClient(house.url(), token), accountId: account.accountId };
}

/** Doors that are not JSON routes, and what they need. */
const otherDoors = [
  { method: 'GET', path: eventsPath, needs: 'status:read' },
  { method: 'POST', path: exportPath, needs: 'desk:export' },
] as const;

type Door = Pick<Route, 'method' | 'path' | 'needs'>;

async function declaredRoutes(): Promise<Door[]> {
  const found: Door[] = [];
  const folder = path.join(import.meta.dirname, '..', 'contract', 'routes');
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
    const module: unknown = await import(pathToFileURL(path.join(folder, file)).href);
    if (typeof module === 'object' && module !== null) found.push(...Object.values(module).filter(isDoor));
  }
  return found;
}

function isDoor(value: unknown): value is Door {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'needs' in value;
}

/** Parameters that are no ids of contract/ids.ts. */
const plainParams: Readonly<Record<string, string>> = {
  group: 'default',
  hostname: 'nowhere.example',
  number: 'D-1999-0001',
  decision: 'D-1999-0001',
  signInId: 'session_0',
};

function filled(door: Door): string {
  return door.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const prefix = Object.entries(idPrefix).find(
      ([kind]) => `${kind}Id` === name || (kind === 'deskDecision' && name === 'decisionId'),
    )?.[1];
    return prefix === undefined ? (plainParams[name] ?? 'x') : `${prefix}_000000000000`;
  });
}

async function knock(door: Door, token: string | null) {
  const stop = new AbortController();
  const response = await fetch(`${house.url()}${filled(door)}`, {
    method: door.method,
    headers: {
      accept: 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(door.method === 'GET' ? {} : { 'content-type': 'application/json' }),
    },
    ...(door.method === 'GET' || door.method === 'DELETE' ? {} : { body: '{"notAField":1}' }),
    signal: stop.signal,
  });
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  const text = isStream ? '' : await response.text();
  stop.abort();
  const problem = response.ok ? null : Problem.safeParse(safely(text));
  return { status: response.status, code: problem?.success === true ? problem.data.code : null };
}

function safely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

describe('the authorisation matrix', () => {
  it('has every route that is served, and no route is served that it does not have', async () => {
    const document: unknown = await (await fetch(`${house.url()}/api/v1/openapi.json`)).json();
    if (typeof document !== 'object' || document === null || !('paths' in document)) throw new Error('no paths');
    const paths = document.paths;
    if (typeof paths !== 'object' || paths === null) throw new Error('no paths');
    const served = Object.entries(paths).flatMap(([place, methods]) =>
      Object.keys(typeof methods === 'object' && methods !== null ? methods : {}).map(
        (method) => `${method.toUpperCase()} ${place}`,
      ),
    );
    const declared = (await declaredRoutes()).map((door) => `${door.method} ${door.path}`);
    expect(declared.toSorted()).toEqual(served.toSorted());
  });

  it('lets nobody in without a credential but where everybody may', async () => {
    for (const door of [...(await declaredRoutes()), ...otherDoors]) {
      const { status, code } = await knock(door, null);
      const name = `${door.method} ${door.path}: ${status} ${code}`;
      if (door.needs === 'nobody') expect(code, name).not.toBe('not-allowed');
      else expect([status, code], name).toEqual([401, 'not-signed-in']);
    }
  });

  it.each(Role.options)('lets a person with the role %s do what the table says and nothing else', async (role) => {
    const token = role === 'owner' ? owner.token : (await house.person(`One ${role}`, [role])).token;
    const wrong: string[] = [];
    for (const door of [...(await declaredRoutes()), ...otherDoors]) {
      const { status, code } = await knock(door, token);
      const { needs } = door;
      const cell = `${door.method} ${door.path} (${needs}): ${status} ${code}`;
      if (needs === 'nobody') continue;
      // What a person does to their own account asks for a session, which a token is not: that refusal is not about roles.
      if (needs === 'signed-in') {
        if (status === 401 || code === 'sign-in-again') wrong.push(cell);
        continue;
      }
      const holds: readonly string[] = roleScopes[role];
      const isRefused = status === 401 || status === 403;
      if (holds.includes(needs) ? isRefused : status !== 403 || code !== 'not-allowed') wrong.push(cell);
    }
    expect(wrong).toEqual([]);
  });

  it('gives no role of an owner anything of the desk', () => {
    const desk = /^(desk|decisions|appeals|pressure|criteria|authority|on-call):/;
    expect(roleScopes.owner.filter((scope) => desk.test(scope))).toEqual([]);
  });
});

describe('one tenant and another', () => {
  it('what belongs to one is not there for the other: site, export, notices', async () => {
    const { siteId } = await house.operator().call(addSite, {
      body: { origin: 'http://127.0.0.1:1', waiveOwnership: true, hostnames: ['first.example'], accountId: owner.accountId },
    });
    const noticeId = await noticeFor(owner.accountId, siteId);
    expect((await owner.call(getSite, { params: { siteId } })).siteId).toBe(siteId);
    expect((await owner.call(exportSite, { params: { siteId } })).zone).toContain('first.example');
    expect((await owner.call(listOwnerNotices)).items.map((notice) => notice.noticeId)).toEqual([noticeId]);
    const body = { act: 'reply', text: 'it is not mine' } as const;
    expect(await refusalOf(neighbour.call(getSite, { params: { siteId } }))).toBe('not-found');
    expect(await refusalOf(neighbour.call(exportSite, { params: { siteId } }))).toBe('not-found');
    expect((await neighbour.call(listOwnerNotices)).items).toEqual([]);
    expect(await refusalOf(neighbour.call(answerNotice, { params: { noticeId }, body }))).toBe('not-found');
    expect(
      (await owner.call(answerNotice, { params: { noticeId }, body: { ...body, text: 'we removed it' } })).replies,
    ).toHaveLength(1);
  });

  it('cases are heard by who may read the desk, notices by the owner of their site, and by nobody else', async () => {
    const analyst = await house.person('Livia Listener', ['analyst']);
    const auditor = await house.person('Aurel Auditor', ['auditor']);
    const { siteId } = await house.operator().call(addSite, {
      body: { origin: 'http://127.0.0.1:1', waiveOwnership: true, hostnames: ['heard.example'], accountId: owner.accountId },
    });
    const [desk, audit, mine, theirs] = await Promise.all(
      [analyst, auditor, owner, neighbour].map((who) => listenTo(who.token ?? '')),
    );
    if (desk === undefined || audit === undefined || mine === undefined || theirs === undefined)
      throw new Error('four listeners');
    const { caseId } = await analyst.call(openCase, {
      body: { title: 'heard at the desk', class: 'harassment', siteId, reason: 'for the test' },
    });
    await analyst.call(actOnCase, { params: { caseId }, body: { act: 'claim' } });
    await transact(store, async (unit) => {
      unit.tellAfter({ kind: 'notice', siteId });
      // The last one, that everybody hears who may hear anything of the site.
      unit.tellAfter({ kind: 'site', siteId, change: 'changed' });
    });
    const kinds = (one: { events: LiveEvent[] }) => new Set(one.events.map((event) => event.kind));
    await until('the owner hears of the notice', () => kinds(mine).has('notice'));
    await until('the desk hears of the case', () => kinds(desk).has('case') && kinds(desk).has('notice'));
    await until('the auditor hears of the site', () => kinds(audit).has('site'));
    expect([kinds(mine).has('case'), kinds(audit).has('case'), kinds(audit).has('notice')]).toEqual([false, false, false]);
    expect(theirs.events.map((event) => event.kind)).toEqual(['hello']);
    for (const one of [desk, audit, mine, theirs]) one.stop();
  });
});

async function noticeFor(accountId: AccountId, siteId: SiteId): Promise<NoticeId> {
  const analyst = await house.person('Nora Notices', ['analyst']);
  const { caseId } = await analyst.call(openCase, {
    body: { title: 'a notice', class: 'harassment', siteId, reason: 'for the test' },
  });
  const noticeId = NoticeId.parse(randomId(idPrefix.notice));
  await insertNotice(noticeId, caseId, accountId, siteId);
  return noticeId;
}

async function insertNotice(noticeId: NoticeId, caseId: CaseId, accountId: AccountId, siteId: SiteId): Promise<void> {
  const { openedAt } = await (await house.person('Rea Reader', ['analyst'])).call(getCaseRoute, { params: { caseId } });
  await store.db
    .insertInto('owner_notice')
    .values({
      notice_id: noticeId,
      account_id: accountId,
      site_id: siteId,
      case_id: caseId,
      decision_id: null,
      kind: 'question',
      subject: 'A question about your site',
      text: 'Please look at this address.',
      named_urls: '[]',
      deadline: null,
      at: openedAt,
      link_hash: noticeId,
      read_at: null,
    })
    .execute();
}

async function listenTo(token: string) {
  const stop = new AbortController();
  const response = await fetch(`${house.url()}${eventsPath}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: stop.signal,
  });
  expect(response.status).toBe(200);
  const events: LiveEvent[] = [];
  void (async () => {
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString('utf8');
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('data: ')) events.push(LiveEvent.parse(JSON.parse(line.slice(6))));
    }
  })().catch(() => undefined);
  await until('it says hello', () => events.some((event) => event.kind === 'hello'));
  return { events, stop: () => stop.abort() };
}
