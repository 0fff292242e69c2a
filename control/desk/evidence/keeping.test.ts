/** How evidence is kept: the chain of custody, retention, exports without a reporter's name, and what is fetched while it becomes criminal to hold. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PersonId, ReportId, idPrefix } from '../../../contract/ids.ts';
import type { CaseId, EvidenceId } from '../../../contract/ids.ts';
import { scopesOf } from '../../../contract/access.ts';
import { instantOf } from '../../../core/instant.ts';
import { randomId } from '../../../kit/random-id.ts';
import { listCustody } from '../../../store/desk/custody.ts';
import { captureRecordsOf, urgeCaptures } from '../../../store/desk/captures.ts';
import { addEvidenceIn, changeEvidenceIn, findEvidence, holdCaseIn } from '../../../store/desk/evidence.ts';
import { stopCaptures } from '../../../store/desk/reading.ts';
import { storeReports } from '../../../store/desk/reports.ts';
import { blankCustodyIn } from '../../../store/desk/shredded-words.ts';
import { transact } from '../../../store/transact.ts';
import type { Caller } from '../../http/caller.ts';
import { startEvidenceHouse, startOrigin } from '../../../tests/harness/evidence-house.ts';
import type { EvidenceHouse } from '../../../tests/harness/evidence-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import { unzipped } from '../../../tests/harness/zip.ts';
import { exportCase } from './export.ts';
import { dropPastTime } from './shred.ts';

const dayMs = 86_400_000;
const lead: Caller = {
  personId: PersonId.parse('person_000000000001'),
  name: 'Lee Lead',
  roles: ['lead'],
  scopes: scopesOf(['lead']),
  accountId: null,
  via: 'token',
};
const reporter = { name: 'Rosalind Reporter', mail: 'rosalind@reporter.example', phone: '+44 20 7946 0958' };

describeOnBoth('evidence', ({ fresh }) => {
  let house: EvidenceHouse;
  beforeAll(async () => {
    house = await startEvidenceHouse(await fresh());
  });
  afterAll(() => house.stop());
  const db = () => house.deps.store.db;
  const deps = () => ({ ...house.deps, publicUrl: 'http://localhost', provider: 'Example Shield' });

  /** A report with a sealed reporter, and files that came with it. */
  const addReport = (caseId: CaseId, files: readonly { kind: 'file' | 'mail'; mediaType: string; bytes: Buffer }[]) =>
    transact(house.deps.store, async ({ tx }) => {
      const reportId = ReportId.parse(randomId(idPrefix.report));
      const at = instantOf(house.deps.now());
      const sealedId = await house.deps.seal.keep(tx, reportId, 'reporter', reporter);
      await storeReports(tx, [
        {
          reportId,
          leaf: { before: '{"number":', after: '}' },
          statusHash: randomId('hash'),
          channel: 'form',
          class: 'harassment',
          fastLane: false,
          state: 'acknowledged',
          receivedAt: at,
          happenedAt: null,
          hostname: null,
          urls: [],
          text: 'words',
          lang: null,
          role: 'witness',
          sealed: null,
          reporterSealedId: sealedId,
          reporterMark: null,
          proof: 'none',
          forwardConsent: false,
          wantsSafetyContact: false,
          machine: {},
          rawBlobId: null,
        },
      ]);
      await tx.updateTable('report').set({ case_id: caseId }).where('report_id', '=', reportId).execute();
      const ids: EvidenceId[] = [];
      for (const { kind, mediaType, bytes } of files) {
        const kept = await house.deps.seal.keepBlob(tx, reportId, mediaType, bytes);
        const added = await addEvidenceIn(tx, {
          caseId,
          kind,
          level: 'A1',
          artefact: `file:${kept.sha256}`,
          title: `From ${reporter.name}`,
          url: null,
          blob: { ...kept, mediaType },
          eventAt: null,
          firstSeenAt: at,
          at,
          addedBy: null,
          sensitive: true,
          captureState: 'none',
          why: `A report of ${reporter.mail} brought it.`,
          reportId,
        });
        ids.push(added.evidenceId);
      }
      return ids;
    });

  it('has a chain of custody in which a changed, missing or added line shows', async () => {
    const caseId = await house.addCase();
    const [evidenceId] = await addReport(caseId, [{ kind: 'file', mediaType: 'image/png', bytes: Buffer.from('one') }]);
    if (evidenceId === undefined) throw new Error('it was added');
    const at = instantOf(house.deps.now());
    for (const days of [1, 2]) {
      const until = instantOf(house.deps.now() + days * dayMs);
      await transact(house.deps.store, ({ tx }) => holdCaseIn(tx, { caseId, until, at, who: null, why: 'a letter' }));
    }
    const good = await listCustody(db(), evidenceId);
    expect(good.intact).toBe(true);
    expect(good.lines.map(({ act }) => act)).toEqual(['create', 'hold', 'hold']);
    const middle = good.lines[1];
    if (middle === undefined) throw new Error('there are three');
    const set = (why: string) => db().updateTable('custody').set({ why }).where('custody_id', '=', middle.custodyId).execute();
    await set('nothing to see here');
    expect((await listCustody(db(), evidenceId)).intact).toBe(false);
    await set(middle.why);
    expect((await listCustody(db(), evidenceId)).intact).toBe(true);
    await db().deleteFrom('custody').where('custody_id', '=', middle.custodyId).execute();
    expect((await listCustody(db(), evidenceId)).intact).toBe(false);
  });

  it('of which a line was changed stays broken when its reasons are blanked', async () => {
    const caseId = await house.addCase();
    const ids = await addReport(caseId, [
      { kind: 'file', mediaType: 'image/png', bytes: Buffer.from('kept well') },
      { kind: 'file', mediaType: 'image/png', bytes: Buffer.from('changed') },
    ]);
    const [good, bad] = ids;
    if (good === undefined || bad === undefined) throw new Error('there are two');
    const at = instantOf(house.deps.now());
    const until = instantOf(house.deps.now() + dayMs);
    await transact(house.deps.store, ({ tx }) => holdCaseIn(tx, { caseId, until, at, who: null, why: 'typed by somebody' }));
    await db()
      .updateTable('custody')
      .set({ sha256: '0'.repeat(64) })
      .where('evidence_id', '=', bad)
      .where('act', '=', 'hold')
      .execute();
    const said = async (evidenceId: EvidenceId) => {
      const sentence = await transact(house.deps.store, ({ tx }) => blankCustodyIn(tx, evidenceId));
      const { lines, intact } = await listCustody(db(), evidenceId);
      expect(JSON.stringify(lines)).not.toContain('typed by somebody');
      return [sentence.includes('held together'), intact];
    };
    expect(await said(good)).toEqual([true, true]);
    expect(await said(bad)).toEqual([false, false]);
  });

  it('lines that are written at the same time follow one another', async () => {
    const caseId = await house.addCase();
    const [evidenceId] = await addReport(caseId, [{ kind: 'file', mediaType: 'image/png', bytes: Buffer.from('together') }]);
    if (evidenceId === undefined) throw new Error('it was added');
    const at = instantOf(house.deps.now());
    await Promise.all(
      [3, 4, 5, 6, 7].map((days) =>
        transact(house.deps.store, ({ tx }) =>
          holdCaseIn(tx, { caseId, until: instantOf(house.deps.now() + days * dayMs), at, who: null, why: 'a letter' }),
        ),
      ),
    );
    expect((await listCustody(db(), evidenceId)).intact).toBe(true);
  });

  it('goes when its time is over, not before its case is closed, and never while a hold is in force', async () => {
    const [open, held, past] = [await house.addCase(), await house.addCase(), await house.addCase()];
    const ids: EvidenceId[] = [];
    for (const [index, caseId] of [open, held, past].entries()) {
      ids.push(...(await addReport(caseId, [{ kind: 'file', mediaType: 'image/png', bytes: Buffer.from(`file ${index}`) }])));
    }
    const closedAt = instantOf(house.deps.now());
    await db().updateTable('desk_case').set({ closed_at: closedAt }).where('case_id', 'in', [held, past]).execute();
    const states = async () => Promise.all(ids.map(async (id) => (await findEvidence(db(), id))?.captureState));
    house.pass(89 * dayMs);
    const until = instantOf(house.deps.now() + 10 * dayMs);
    await transact(house.deps.store, ({ tx }) =>
      holdCaseIn(tx, { caseId: held, until, at: closedAt, who: null, why: 'a letter' }),
    );
    await dropPastTime(deps());
    expect(await states()).toEqual(['none', 'none', 'none']);
    house.pass(2 * dayMs);
    await dropPastTime(deps());
    expect(await states()).toEqual(['none', 'none', 'shredded']);
    house.pass(10 * dayMs);
    await dropPastTime(deps());
    expect(await states()).toEqual(['none', 'shredded', 'shredded']);
    const [, , gone] = ids;
    if (gone === undefined) throw new Error('there are three');
    // Who reported into a case that led to nothing is forgotten with it; into an open one, not.
    const reports = await db()
      .selectFrom('report')
      .select(['case_id', 'text', 'reporter_sealed_id'])
      .where('case_id', 'in', [open, past])
      .execute();
    for (const report of reports) {
      const fields = report.reporter_sealed_id === null ? null : await house.deps.seal.open(db(), report.reporter_sealed_id);
      expect([fields?.['name'] ?? null, report.text]).toEqual(report.case_id === past ? [null, ''] : [reporter.name, 'words']);
    }
    expect(reports).toHaveLength(2);
    const item = await findEvidence(db(), gone);
    expect(item?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(item?.blobId === null || item === null ? null : await house.deps.seal.openBlob(db(), item.blobId)).toBeNull();
    expect((await listCustody(db(), gone)).intact).toBe(true);
  });

  it('leaves without a reporter’s name in any file of the ZIP: mail and words redacted, a file that names them withheld', async () => {
    const caseId = await house.addCase();
    await addReport(caseId, [
      {
        kind: 'mail',
        mediaType: 'message/rfc822',
        bytes: Buffer.from(`From: ${reporter.name} <${reporter.mail}>\r\n\r\nIt is me, ${reporter.name}.`),
      },
      { kind: 'file', mediaType: 'text/plain', bytes: Buffer.from(`Call me: ${reporter.phone}, ${reporter.name}`) },
      {
        kind: 'file',
        mediaType: 'image/jpeg',
        bytes: Buffer.concat([Buffer.from('\xff\xd8\xff', 'latin1'), Buffer.from(`Artist ${reporter.name}`)]),
      },
      {
        kind: 'file',
        mediaType: 'image/jpeg',
        bytes: Buffer.concat([Buffer.from('\xff\xd8\xff', 'latin1'), Buffer.from(reporter.mail, 'utf16le')]),
      },
      { kind: 'file', mediaType: 'image/png', bytes: Buffer.from('an innocent picture') },
    ]);
    const { stream } = await exportCase(deps(), lead, caseId, { reason: `for the police, from ${reporter.mail}` });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk));
    const files = await unzipped(Buffer.concat(chunks));
    expect([...files.keys()].filter((name) => name.startsWith('evidence/')).map((name) => name.split('/').at(-1))).toEqual([
      'text.redacted.txt',
      'text.redacted.txt',
      'file.png',
    ]);
    const wide = new TextDecoder('utf-16le');
    for (const [name, bytes] of files) {
      const seen = `${bytes.toString('latin1')} ${wide.decode(bytes)} ${wide.decode(bytes.subarray(1))}`.toLowerCase();
      for (const canary of ['rosalind', 'reporter.example', '7946 0958'])
        expect(seen.includes(canary), `${canary} in ${name}`).toBe(false);
    }
    expect(files.get('items.json')?.toString()).toContain('withheld');
  });

  it('that becomes criminal to hold while it is fetched is not kept', async () => {
    const caseId = await house.addCase();
    let evidenceId: EvidenceId | null = null;
    const origin = await startOrigin((_request, response) => {
      const id = evidenceId;
      if (id === null) throw new Error('it was asked for');
      void transact(house.deps.store, ({ tx }) => changeEvidenceIn(tx, id, { captureState: 'never' })).then(() =>
        response.end('kept?'),
      );
    });
    try {
      evidenceId = await house.addUrl(caseId, origin.url);
      await house.runDue();
      expect(origin.seen).toEqual(['/']);
      const [capture] = await captureRecordsOf(db(), [evidenceId]);
      expect(capture).toMatchObject({ state: 'never', wacz_blob_id: null, text_blob_id: null });
      expect((await findEvidence(db(), evidenceId))?.captureState).toBe('never');
    } finally {
      await origin.stop();
    }
  });

  it('that waits in a case which becomes a matter of life is urgent from then on', async () => {
    const caseId = await house.addCase();
    const waiting = [
      await house.addUrl(caseId, 'http://192.0.2.1/a'),
      await house.addUrl(await house.addCase(), 'http://192.0.2.1/b'),
    ];
    await db().updateTable('desk_case').set({ lane: 'life-threat', lane_rank: 0 }).where('case_id', '=', caseId).execute();
    await urgeCaptures(db(), instantOf(house.deps.now() + 60_000));
    expect((await captureRecordsOf(db(), waiting)).map(({ urgent }) => urgent)).toEqual([true, false]);
    await db().updateTable('capture').set({ state: 'refused' }).where('evidence_id', 'in', waiting).execute();
  });

  it('that waits is not fetched once its address is reported as criminal to hold', async () => {
    const origin = await startOrigin((_request, response) => response.end('kept?'));
    try {
      const evidenceId = await house.addUrl(await house.addCase(), origin.url);
      await transact(house.deps.store, ({ tx }) => stopCaptures(tx, [origin.url]));
      expect(await house.runDue()).toBe(0);
      expect(origin.seen).toEqual([]);
      expect((await findEvidence(db(), evidenceId))?.captureState).toBe('never');
    } finally {
      await origin.stop();
    }
  });
});
