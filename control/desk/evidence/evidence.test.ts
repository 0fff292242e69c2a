/** Evidence over the API, as the console does it, on a control plane as production starts it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaseNumber } from '../../../contract/ids.ts';
import type { CaseId, EvidenceId } from '../../../contract/ids.ts';
import type { ReportClass } from '../../../contract/desk/words.ts';
import type { Evidence } from '../../../contract/desk/shapes.ts';
import { Cidr } from '../../../contract/network.ts';
import { addTarget, getCase, openCase } from '../../../contract/routes/desk/cases.ts';
import {
  addEvidence,
  captureAgain,
  changeEvidence,
  getWellness,
  listCustody,
  readEvidence,
  revealEvidence,
  setWellness,
  shredCase,
  tellExposure,
} from '../../../contract/routes/desk/evidence.ts';
import { listAudit } from '../../../contract/routes/house.ts';
import { instantOf } from '../../../core/instant.ts';
import { openStore } from '../../../store/open.ts';
import type { Store } from '../../../store/open.ts';
import { refusalOf } from '../../../tests/harness/api.ts';
import type { Api } from '../../../tests/harness/api.ts';
import { startControlHouse } from '../../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../../tests/harness/control-house.ts';
import { startOrigin } from '../../../tests/harness/evidence-house.ts';
import type { Origin } from '../../../tests/harness/evidence-house.ts';
import { removeFolder, temporaryFolder, until } from '../../../tests/harness/ports.ts';
import { postgresDatabase } from '../../../tests/harness/stores.ts';
import type { SharedDatabase } from '../../../tests/harness/stores.ts';
import { startTimestampAuthority } from '../../../tests/harness/timestamp-authority.ts';
import type { TestAuthority } from '../../../tests/harness/timestamp-authority.ts';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const targetName = 'Zelda Placeholder';
const daysMs = (days: number) => days * 86_400_000;

describe('evidence', () => {
  const folder = temporaryFolder('evidence-api');
  let authority: TestAuthority;
  let house: ControlHouse;
  let database: SharedDatabase;
  /** The same database, for what only time or a long decision brings about. */
  let beside: Store;
  let origin: Origin;
  let analyst: Api;
  let other: Api;
  beforeAll(async () => {
    authority = await startTimestampAuthority();
    origin = await startOrigin((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>Where ${targetName} lives: [an address]</p>`),
    );
    database = await postgresDatabase();
    house = await startControlHouse(database.address, {
      desk: { allowCaptures: [Cidr.parse('127.0.0.0/8')], timestampUrls: [authority.url] },
    });
    beside = await openStore(database.address);
    analyst = await house.person('Ada Analyst', ['analyst']);
    other = await house.person('Sam Second', ['analyst']);
  });
  afterAll(async () => {
    await beside.close();
    await house.stop();
    await database.drop();
    await origin.stop();
    await authority.stop();
    removeFolder(folder);
  });

  const open = async (kind: ReportClass = 'doxxing') => {
    const made = await analyst.call(openCase, { body: { class: kind, title: 'A case', reason: 'seen by the desk itself' } });
    return { caseId: made.caseId, number: made.number };
  };
  const file = (caseId: CaseId, bytes: Buffer, title = 'A file') =>
    analyst.call(addEvidence, {
      params: { caseId },
      body: { kind: 'file', title, mediaType: 'text/html', content: bytes.toString('base64') },
    });
  const captured = (caseId: CaseId, evidenceId: EvidenceId) =>
    until('the page was captured', async () => {
      const { evidence } = await analyst.call(getCase, { params: { caseId } });
      const item = evidence.find((one) => one.evidenceId === evidenceId);
      return item?.captureState === 'captured' && item;
    });
  const custodyOf = (evidenceId: EvidenceId) => analyst.call(listCustody, { params: { evidenceId } });
  const close = (caseId: CaseId) =>
    beside.db
      .updateTable('desk_case')
      .set({ closed_at: instantOf(house.now()) })
      .where('case_id', '=', caseId)
      .execute();

  it('that is an address is captured by itself and read as text without the names of the case', async () => {
    const { caseId } = await open();
    const url = `${origin.url}/thread/1?to=a@target.example`;
    const added = await analyst.call(addEvidence, { params: { caseId }, body: { kind: 'url', url } });
    expect(added).toMatchObject({ kind: 'url', level: 'A0', captureState: 'waiting' });
    expect(added.url).not.toContain('a@target.example');
    const again = await analyst.call(addEvidence, { params: { caseId }, body: { kind: 'url', url } });
    expect(again.evidenceId).toBe(added.evidenceId);
    const item = await captured(caseId, added.evidenceId);
    expect(item).toMatchObject({ level: 'A2' });
    await analyst.call(addTarget, { params: { caseId }, body: { name: targetName } });
    const { text } = await analyst.call(readEvidence, { params: { evidenceId: added.evidenceId } });
    expect(text).toContain('[an address]');
    expect(text).not.toContain('Zelda');
    expect(text).not.toContain('Placeholder');
    const { lines, intact } = await custodyOf(added.evidenceId);
    expect(lines.map(({ act }) => act)).toEqual(['create', 'capture', 'timestamp', 'view']);
    expect(intact).toBe(true);
    await analyst.call(captureAgain, { params: { evidenceId: added.evidenceId } });
    await until(
      'a second copy was made',
      async () => (await captured(caseId, added.evidenceId)).captures.filter((one) => one.waczSha256 !== null).length === 2,
    );
  });

  it('that is a file opens by a link of one person, for a minute, inert whatever it says that it is', async () => {
    const { caseId } = await open();
    const picture = await file(caseId, png);
    expect(picture).toMatchObject({ mediaType: 'image/png', level: 'A1', sensitive: true });
    const reveal = (item: Evidence, who = analyst) =>
      who.call(revealEvidence, {
        params: { evidenceId: item.evidenceId },
        body: { what: 'file', reason: `to see whether ${targetName} is on it` },
      });
    await analyst.call(addTarget, { params: { caseId }, body: { name: targetName } });
    const link = await reveal(picture);
    const get = (who: Api, url: string) => fetch(`${who.url}${url}`, { headers: { authorization: `Bearer ${who.token ?? ''}` } });
    const shown = await get(analyst, link.url);
    expect(shown.status).toBe(200);
    expect(Buffer.from(await shown.arrayBuffer()).equals(png)).toBe(true);
    expect(shown.headers.get('content-security-policy')).toBe(
      "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:",
    );
    expect(shown.headers.get('x-content-type-options')).toBe('nosniff');
    expect(shown.headers.get('cache-control')).toBe('no-store');
    expect((await get(other, link.url)).status).toBe(410);
    expect((await fetch(`${house.url()}${link.url}`)).status).toBe(401);
    expect((await get(analyst, `${link.url}x`)).status).toBe(410);

    const hostile = await file(caseId, Buffer.from('<html><script>alert(1)</script></html>'), '../../"x"\r\n<b>.html');
    const download = await get(analyst, (await reveal(hostile)).url);
    expect(download.headers.get('content-type')).toBe('application/octet-stream');
    expect(download.headers.get('content-disposition')).toMatch(/^attachment; filename="evid_\w+\.bin"$/);

    house.pass(61_000);
    expect((await get(analyst, link.url)).status).toBe(410);
    const { lines } = await custodyOf(picture.evidenceId);
    expect(lines.at(-1)).toMatchObject({ act: 'reveal', sha256: picture.sha256, who: { name: 'Ada Analyst' } });
    expect(lines.at(-1)?.why).not.toContain('Zelda');
    const lead = house.lead();
    const { items } = await lead.call(listAudit, { query: { subject: picture.evidenceId } });
    expect(items.map(({ act }) => act)).toEqual(['evidence.reveal', 'evidence.add']);
    const key = new URL(link.url, house.url()).searchParams.get('key') ?? '';
    expect(house.logged.some((line) => line.includes(key))).toBe(false);
  });

  it('is not revealed beyond the cap that a person set, but read', async () => {
    const { caseId } = await open();
    const looker = await house.person('Cap Tester', ['analyst']);
    const picture = await file(caseId, png, 'A second file');
    const settings = { dailyCapMinutes: 5, optedOut: ['intimate-images'], blur: true, greyscale: false, mute: true };
    expect(await looker.call(setWellness, { body: settings })).toMatchObject({ ...settings, minutesToday: 0 });
    const { evidenceId } = picture;
    await looker.call(tellExposure, { params: { evidenceId }, body: { seconds: 600, mode: 'text' } });
    expect(await looker.call(getWellness)).toMatchObject({ minutesToday: 0 });
    await looker.call(tellExposure, { params: { evidenceId }, body: { seconds: 300, mode: 'blurred', grade: 'G3' } });
    expect(await looker.call(getWellness)).toMatchObject({ minutesToday: 5, minutesByGrade: { G3: 5 } });
    const body = { what: 'file', reason: 'one more look' } as const;
    expect(await refusalOf(looker.call(revealEvidence, { params: { evidenceId }, body }))).toBe('exposure-cap');
    house.pass(daysMs(1));
    await looker.call(revealEvidence, { params: { evidenceId }, body });
    await looker.call(setWellness, { body: { ...settings, optedOut: ['doxxing'] } });
    await expect(looker.call(revealEvidence, { params: { evidenceId }, body })).rejects.toThrow(
      /wrong-state.*You chose not to see/,
    );
  });

  it('gets its level by captures and files; by hand only what somebody confirmed', async () => {
    const { caseId } = await open();
    const item = await file(caseId, png, 'A third file');
    const level = (to: 'A2' | 'A3' | 'A4') =>
      analyst.call(changeEvidence, {
        params: { evidenceId: item.evidenceId },
        body: { level: { to, confirmedBy: 'the platform, by their abuse desk' }, why: 'they answered' },
      });
    expect(await refusalOf(level('A2'))).toBe('wrong-state');
    expect(await refusalOf(level('A3'))).toBe('wrong-state');
    expect(await level('A4')).toMatchObject({ level: 'A4' });
  });

  it('of the class that is criminal to hold is never fetched, and files of it are refused with a word on hotlines', async () => {
    const { caseId } = await open('child-abuse');
    const url = `${origin.url}/never`;
    const item = await analyst.call(addEvidence, { params: { caseId }, body: { kind: 'url', url } });
    expect(item).toMatchObject({ url: null, captureState: 'never' });
    expect(item.sha256).toMatch(/^[0-9a-f]{64}$/);
    await expect(file(caseId, png)).rejects.toThrow(/report-refused.*hotline/);
    expect(await refusalOf(analyst.call(captureAgain, { params: { evidenceId: item.evidenceId } }))).toBe('wrong-state');
    expect(origin.seen).not.toContain('/never');
  });

  it('leaves as a ZIP that sha256sum and openssl verify, with no name of a target in what we wrote', async () => {
    const { caseId, number } = await open();
    await analyst.call(addTarget, { params: { caseId }, body: { name: targetName } });
    const page = await analyst.call(addEvidence, { params: { caseId }, body: { kind: 'url', url: `${origin.url}/export` } });
    await captured(caseId, page.evidenceId);
    await file(caseId, png, `../../etc/passwd of ${targetName}`);
    await file(caseId, Buffer.concat([png, Buffer.from(`copyright ${targetName}`)]), 'Named in its bytes');
    await analyst.call(addEvidence, {
      params: { caseId },
      body: { kind: 'call', title: 'A call', text: `${targetName} said that it goes on.` },
    });
    const ask = (who: Api, reason: string) =>
      fetch(`${house.url()}/api/v1/desk/cases/${caseId}/export`, {
        method: 'POST',
        headers: { authorization: `Bearer ${who.token ?? ''}`, 'content-type': 'application/json' },
        body: JSON.stringify({ reason }),
      });
    expect((await ask(analyst, 'an analyst may not')).status).toBe(403);
    expect((await ask(house.lead(), 'short')).status).toBe(400);
    const answer = await ask(house.lead(), `for the police, about ${targetName}`);
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${number}-evidence.zip"`);
    const place = path.join(folder, 'export');
    mkdirSync(place);
    writeFileSync(path.join(folder, 'export.zip'), Buffer.from(await answer.arrayBuffer()));
    const names = execFileSync(
      'python3',
      [
        '-c',
        'import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);z.extractall(sys.argv[2]);print("\\n".join(z.namelist()))',
        path.join(folder, 'export.zip'),
        place,
      ],
      { encoding: 'utf8' },
    )
      .trim()
      .split('\n');
    for (const name of names)
      expect(name).toMatch(
        /^(README\.txt|verify\.sh|items\.json|custody\.json|manifest\.sha256|evidence\/evid_\w+\/(cap_\w+\.(wacz|wacz\.tsr|wacz\.tsa\.pem|png)|file\.\w+|text\.redacted\.txt))$/,
      );
    const verify = (...args: string[]) =>
      execFileSync('sh', ['verify.sh', ...args], { cwd: place, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    for (const said of [verify(), verify(authority.rootFile)]) {
      expect(said).toContain('manifest: every file is as it was exported');
      expect(said).toMatch(/outside time: evidence\/\S+\.wacz existed at /);
    }
    execFileSync('sha256sum', ['-c', 'manifest.sha256'], { cwd: place, stdio: 'ignore' });
    for (const name of names.filter((one) => !/\.(wacz|tsr)$/.test(one))) {
      const text = readFileSync(path.join(place, name)).toString('latin1');
      expect(text.includes('Zelda'), name).toBe(false);
    }
    const [wacz = ''] = names.filter((name) => name.endsWith('.wacz'));
    const bytes = readFileSync(path.join(place, wacz));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(path.join(place, wacz), bytes);
    expect(() => verify()).toThrow();
    const { lines, intact } = await custodyOf(page.evidenceId);
    expect(lines.at(-1)).toMatchObject({ act: 'export' });
    expect(intact).toBe(true);
  });

  it('under a hold is not shredded; without one a lead makes a closed case unreadable and its custody stays', async () => {
    const { caseId, number } = await open();
    const page = await analyst.call(addEvidence, { params: { caseId }, body: { kind: 'url', url: `${origin.url}/shred` } });
    await captured(caseId, page.evidenceId);
    const picture = await file(caseId, png, 'A fourth file');
    await analyst.call(addTarget, { params: { caseId }, body: { name: targetName } });
    const { evidenceId } = picture;
    const hold = (who: Api, holdDays: number) =>
      who.call(changeEvidence, { params: { evidenceId }, body: { holdDays, why: 'a preservation request came' } });
    await hold(analyst, 90);
    expect(await refusalOf(hold(analyst, 0))).toBe('not-allowed');
    const lead = house.lead();
    const shred = (who: Api, given = number) =>
      who.call(shredCase, { params: { caseId }, body: { number: given, reason: 'its time of keeping is over' } });
    expect(await refusalOf(shred(analyst))).toBe('not-allowed');
    expect(await refusalOf(shred(lead))).toBe('wrong-state');
    await close(caseId);
    expect(await refusalOf(shred(lead))).toBe('hold-in-force');
    await hold(lead, 0);
    expect(await refusalOf(shred(lead, CaseNumber.parse('C-2026-9999')))).toBe('wrong-state');
    expect((await shred(lead)).shredded).toBe(2);
    expect(await refusalOf(analyst.call(readEvidence, { params: { evidenceId: page.evidenceId } }))).toBe('sealed-away');
    const body = { what: 'file', reason: 'after the shredding' } as const;
    expect(await refusalOf(analyst.call(revealEvidence, { params: { evidenceId }, body }))).toBe('sealed-away');
    const { lines, intact } = await custodyOf(evidenceId);
    expect(lines.map(({ act }) => act)).toEqual(['create', 'hold', 'release', 'shred']);
    expect(intact).toBe(true);
    const shown = await analyst.call(getCase, { params: { caseId } });
    expect(shown.evidence.map((item) => [item.title, item.url, item.captureState])).toEqual([
      ['Shredded', null, 'shredded'],
      ['Shredded', null, 'shredded'],
    ]);
    expect(shown.evidence[1]?.sha256).toBe(picture.sha256);
  });
});
