import { sql } from 'kysely';
import { afterEach, expect, it } from 'vitest';
import { Instant } from '../../../contract/ids.ts';
import { componentsOf } from '../../../core/desk/clusters.ts';
import { accounts, campaigns, fill, picker } from '../../../tests/harness/desk-texts.ts';
import { startReadingHouse } from '../../../tests/harness/reading-house.ts';
import type { ReadingHouse } from '../../../tests/harness/reading-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import { recount, volumeOf } from '../../../store/desk/clusters.ts';
import { putInLineAgain, ReportUrls, setReportUrls } from '../../../store/desk/reports.ts';

describeOnBoth('the reading of reports', (databases) => {
  let house: ReadingHouse;
  afterEach(async () => house.stop());
  const start = async () => {
    house = await startReadingHouse(await databases.fresh());
    return house.store.db;
  };
  const rows = () => house.store.db.selectFrom('report').selectAll().orderBy('receipt_number').execute();
  const cases = () => house.store.db.selectFrom('desk_case').selectAll().orderBy('created_order').execute();
  const evidence = () => house.store.db.selectFrom('evidence').selectAll().orderBy('created_order').execute();

  it('a report becomes a case with its artefacts as evidence, each captured once', async () => {
    await start();
    const siteId = await house.site('Forum', ['forum.example', '*.boards.example']);
    await house.send({
      text: `${accounts.en[0]} See https://forum.example/t/2?utm_source=x on 12 May 2026 at 18:30.`,
      urls: ['HTTPS://Forum.example/t/1#post', 'https://forum.example/t/1', 'javascript:alert(1)'],
      files: [{ name: 'shot.png', mediaType: 'image/png', bytes: Buffer.from('not really a picture') }],
      class: 'doxxing',
    });
    await house.read();
    const [report] = await rows();
    expect(report).toMatchObject({ state: 'linked', site_id: siteId, hostname: 'forum.example' });
    const [found] = await cases();
    expect(found).toMatchObject({ title: 'Doxxing: forum.example', lane: 'serious', site_id: siteId, case_id: report?.case_id });
    const items = await evidence();
    expect(items.map(({ kind, artefact, capture_state: state }) => [kind, artefact.replace(/^file:.*/, 'file'), state])).toEqual([
      ['url', 'url:https://forum.example/t/1', 'waiting'],
      ['url', 'url:https://forum.example/t/2', 'waiting'],
      ['file', 'file', 'none'],
      ['text', 'time:2026-05-12 18:30', 'none'],
    ]);
    expect((await house.store.db.selectFrom('capture').selectAll().execute()).map(({ due_at: due }) => due)).toEqual([
      '2026-03-04T10:15:00.000Z',
      '2026-03-04T10:15:00.000Z',
    ]);
    await house.send({ text: accounts.en[1] ?? '', urls: ['https://a.b.boards.example/x'] });
    await house.read();
    expect((await rows())[1]).toMatchObject({ site_id: siteId, hostname: 'a.b.boards.example' });
  });

  it('a campaign of 2,000 texts on twelve addresses is twelve artefacts and few claims; six accounts stay six claims', async () => {
    const db = await start();
    await house.site('Forum', ['forum.example']);
    const count = databases.kind === 'embedded' ? 400 : 2000;
    const pick = picker(5);
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        house.send({
          text: fill(campaigns.en, pick),
          urls: [`https://forum.example/t/${index % 12}?utm_source=${index}`],
          role: 'target',
        }),
      ),
    );
    await house.read();
    // The first ones may have opened cases of their own before another showed that they are one.
    const ofCampaign = await cases();
    expect(ofCampaign.length).toBeLessThanOrEqual(6);
    const volumes = await Promise.all(ofCampaign.map(({ case_id: caseId }) => volumeOf(db, caseId)));
    expect(volumes.reduce((sum, { n }) => sum + n, 0)).toBe(count);
    const volume = volumes.reduce((greatest, one) => (one.n > greatest.n ? one : greatest));
    expect(volume.n).toBeGreaterThan(count * 0.9);
    expect(volume.k).toBe(12);
    expect(volume.m).toBeLessThanOrEqual(3);
    // Nobody of them is known: together they are one witness of a claim.
    expect(volume.w).toBe(volume.m);
    for (const [index, text] of accounts.en.entries()) {
      await house.send({
        text,
        urls: [`https://forum.example/p/${index}`],
        role: 'target',
        contact: { mail: `p${index}@mail.example` },
        proof: 'mail',
      });
    }
    await house.read();
    const six = (await cases()).slice(ofCampaign.length);
    expect(six).toHaveLength(6);
    for (const one of six) expect(await volumeOf(db, one.case_id)).toEqual({ n: 1, m: 1, k: 1, w: 1 });
    expect(await Promise.all(ofCampaign.map(({ case_id: caseId }) => volumeOf(db, caseId)))).toEqual(volumes);
  }, 120_000);

  it('what is counted along is what counting anew finds, and the clusters are those computed from scratch, in whatever order', async () => {
    const db = await start();
    const pick = picker(3);
    const drafts = [
      ...Array.from({ length: 40 }, (_, index) => ({
        text: fill(campaigns.de, pick),
        urls: [`https://forum.example/t/${index % 5}`],
      })),
      ...accounts.es.map((text) => ({ text, urls: ['https://forum.example/t/1'] })),
      ...accounts.es.slice(0, 2).map((text) => ({ text: text.toUpperCase(), urls: ['https://forum.example/t/7'] })),
      { text: '', urls: ['https://forum.example/t/1'] },
      { text: '🙂', urls: [] },
    ];
    // One by one and mixed, so that clusters meet late.
    for (const [index, draft] of drafts.entries()) {
      const other = drafts[(index * 17) % drafts.length] ?? draft;
      await house.send({
        ...other,
        hostname: 'forum.example',
        role: index % 3 === 0 ? 'family' : 'bystander',
        proof: 'mail',
        contact: { mail: `r${index % 7}@mail.example` },
      });
      if (index % 4 === 0) await house.read();
    }
    await house.read();
    const read = await rows();
    const scratch = componentsOf(
      read.map((report) =>
        house.keysOf({
          scope: 'open forum.example',
          text: report.text,
          urls: ReportUrls.parse(report.urls).flatMap(({ canonical }) => canonical ?? []),
        }),
      ),
    );
    const kept = Map.groupBy(read.keys(), (index) => read[index]?.cluster_id);
    expect([...kept.values()].map((group) => group.join(' ')).sort()).toEqual(scratch.map((group) => group.join(' ')).sort());
    const roots = await db.selectFrom('cluster').selectAll().where('parent', 'is', null).execute();
    for (const root of roots) {
      expect(await recount(db, root.cluster_id)).toEqual({ n: root.n, k: root.k, w: root.w });
    }
    expect(roots.reduce((sum, root) => sum + root.n, 0)).toBe(drafts.length);
    expect(read.every((report) => roots.some((root) => root.cluster_id === report.cluster_id))).toBe(true);
  }, 60_000);

  it('clusters that turn out to be one keep both cases, and both say so', async () => {
    const db = await start();
    const [one, other] = ['https://forum.example/a', 'https://forum.example/b'];
    // Keys by hand: the third shares one with each of the others.
    const keysOf = (claim: { text: string }) => claim.text.split(' ');
    await house.send({ text: 'k1', urls: [one ?? ''] });
    await house.send({ text: 'k2', urls: [other ?? ''] });
    await house.read(keysOf);
    expect(await cases()).toHaveLength(2);
    await house.send({ text: 'k1 k2', urls: [one ?? ''] });
    await house.read(keysOf);
    const found = await cases();
    expect(found).toHaveLength(2);
    const ids = new Set((await rows()).map((report) => report.cluster_id));
    expect(ids.size).toBe(1);
    const notes = await db.selectFrom('case_note').selectAll().execute();
    expect(notes.map((note) => note.case_id).sort()).toEqual(found.map((row) => row.case_id).sort());
    expect((await db.selectFrom('case_link').selectAll().execute()).length).toBe(2);
    expect((await rows()).map((report) => report.case_id)).toEqual([found[0]?.case_id, found[1]?.case_id, found[0]?.case_id]);
    const root = await db.selectFrom('cluster').selectAll().where('parent', 'is', null).executeTakeFirstOrThrow();
    expect(root).toMatchObject({ n: 3, k: 2, w: 0 });
    expect(await recount(db, root.cluster_id)).toEqual({ n: 3, k: 2, w: 0 });
  });

  it('the fast lane is read first, raises its case, and alarms once however often the same comes in', async () => {
    const db = await start();
    const text = accounts.en[5] ?? '';
    await house.send({ text, hostname: 'forum.example' });
    await house.read();
    expect((await cases()).map(({ lane }) => lane)).toEqual(['serious']);
    house.told.length = 0;
    await house.send({ text: accounts.en[1] ?? '', hostname: 'forum.example' });
    await house.send({ text, hostname: 'forum.example', fastLane: true });
    await house.read();
    expect((await cases()).map(({ lane }) => lane)).toEqual(['life-threat', 'serious']);
    expect(house.woken).toHaveLength(1);
    expect(house.woken[0]).not.toMatch(/\d+ reports|Saturday|son/);
    house.told.length = 0;
    for (let times = 0; times < 5; times += 1) await house.send({ text, hostname: 'forum.example', fastLane: true });
    await house.read();
    expect(house.woken).toHaveLength(1);
    expect(await db.selectFrom('alarm').selectAll().execute()).toHaveLength(1);
    // Nobody hears how often.
    expect(house.told).toEqual([]);
    const [raised] = await cases();
    expect(raised?.emergency_since).not.toBeNull();
  });

  it('a report that breaks the reading holds nobody up, is tried again, and is shown to people in the end', async () => {
    await start();
    const breaking = (claim: { text: string }) => {
      if (claim.text.includes('poison')) throw new Error(`cannot read ${claim.text}`);
      return [claim.text];
    };
    await house.send({ text: 'poison that nobody may log', urls: ['https://forum.example/p'] });
    await house.send({ text: 'plain one' });
    await house.read(breaking);
    const [poison, plain] = await rows();
    expect(plain?.processed_at).not.toBeNull();
    expect(poison).toMatchObject({ processed_at: null, read_attempts: 1 });
    house.pass(2000);
    await house.read(breaking);
    house.pass(10_000);
    await house.read(breaking);
    const [read] = await rows();
    expect(read?.case_id).not.toBeNull();
    expect(await evidence()).toHaveLength(1);
    expect(house.logged.join('')).not.toContain('nobody may log');
  });

  it('what is criminal to hold is never fetched: a hash and a task, also for whoever names the address before or after', async () => {
    const db = await start();
    const url = 'https://forum.example/hidden/1';
    await house.send({ text: 'before', urls: [url], hostname: 'forum.example' });
    await house.read();
    await house.send({ text: 'a report of it', urls: [url], class: 'child-abuse', hostname: 'forum.example' });
    await house.read();
    await house.send({
      text: 'after, in other words',
      urls: [`${url}?utm_source=1`],
      class: 'phishing',
      hostname: 'forum.example',
    });
    await house.read();
    const items = await evidence();
    expect(items.map(({ url: shown, capture_state: state }) => [shown, state])).toEqual([
      [url, 'never'],
      [null, 'never'],
      [`${url}?utm_source=1`, 'never'],
    ]);
    expect(items[1]?.artefact).toMatch(/^url-sha256:[0-9a-f]{64}$/);
    expect((await db.selectFrom('capture').selectAll().execute()).map(({ state, url: kept }) => [state, kept])).toEqual([
      ['never', null],
    ]);
    const hidden = (await cases()).find((row) => row.class === 'child-abuse');
    const tasks = await db.selectFrom('task').selectAll().execute();
    expect(tasks.map(({ case_id: caseId, kind, holds }) => [caseId, kind, holds])).toEqual([
      [hidden?.case_id, 'hotline-referral', true],
    ]);
    await house.send({ text: 'a report of it', urls: [url], class: 'child-abuse', hostname: 'forum.example' });
    await house.read();
    expect(await db.selectFrom('task').selectAll().execute()).toHaveLength(1);
    // Its address is not found by a search either.
    const { search } = await db
      .selectFrom('report')
      .select(sql<string>`search::text`.as('search'))
      .where('class', '=', 'child-abuse')
      .limit(1)
      .executeTakeFirstOrThrow();
    expect(search).not.toContain('hidden');
  });

  it('what a reporter adds later is read into the same case; a closed case gets a new one for new reports', async () => {
    const db = await start();
    const text = accounts.en[2] ?? '';
    await house.send({ text, urls: ['https://forum.example/1'] });
    await house.read();
    const [report] = await rows();
    if (report === undefined) throw new Error('there is no report');
    await setReportUrls(db, report.report_id, [
      ...ReportUrls.parse(report.urls),
      { typed: 'https://forum.example/2', canonical: null },
    ]);
    await putInLineAgain(db, report.report_id);
    await house.read();
    expect((await evidence()).map(({ artefact }) => artefact)).toEqual([
      'url:https://forum.example/1',
      'url:https://forum.example/2',
    ]);
    const root = await db.selectFrom('cluster').selectAll().executeTakeFirstOrThrow();
    expect(root).toMatchObject({ n: 1, k: 2 });
    const [first] = await cases();
    await db
      .updateTable('desk_case')
      .set({ closed_at: Instant.parse('2026-03-04T10:00:00.000Z'), state: 'ended' })
      .execute();
    await house.send({ text, urls: ['https://forum.example/1'] });
    await house.read();
    expect(await cases()).toHaveLength(2);
    expect((await rows())[1]?.case_id).not.toBe(first?.case_id);
  });

  it('two that read at once neither wait for each other in a circle nor read a report twice', async () => {
    const db = await start();
    const pick = picker(9);
    for (let index = 0; index < 30; index += 1) {
      await house.send({
        text: index % 3 === 0 ? (accounts.en[index % 6] ?? '') : fill(campaigns.en, pick),
        urls: [`https://forum.example/t/${index % 4}`],
      });
    }
    await Promise.all([house.read(), house.read(), house.read()]);
    const roots = await db.selectFrom('cluster').selectAll().where('parent', 'is', null).execute();
    expect(roots.reduce((sum, root) => sum + root.n, 0)).toBe(30);
    for (const root of roots) expect(await recount(db, root.cluster_id)).toEqual({ n: root.n, k: root.k, w: root.w });
    expect(house.logged.filter((line) => line.includes('could not be read'))).toEqual([]);
  });
});
