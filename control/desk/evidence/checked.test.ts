/** What a false report of child abuse does to captures, on both databases: it stops them until a lead says that the address was checked, and not again. */
import { sql } from 'kysely';
import { afterEach, expect, it } from 'vitest';
import { PersonId } from '../../../contract/ids.ts';
import type { EvidenceId } from '../../../contract/ids.ts';
import type { Scope } from '../../../contract/access.ts';
import { nowOf } from '../../deps.ts';
import { startReadingHouse } from '../../../tests/harness/reading-house.ts';
import type { ReadingHouse } from '../../../tests/harness/reading-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import { changeEvidenceIn } from '../../../store/desk/evidence.ts';
import { transact } from '../../../store/transact.ts';
import { setChecked } from './checked.ts';

const callerWith = (...scopes: Scope[]) => ({
  personId: PersonId.parse('person_aaaaaaaaaaaa'),
  name: 'Lee',
  scopes: new Set(scopes),
  accountId: null,
});

describeOnBoth('an address that was reported as child abuse', (databases) => {
  let house: ReadingHouse;
  afterEach(async () => house.stop());
  const url = 'https://forum.example/t/1';
  const report = async (text: string, kind: 'child-abuse' | 'threat-to-life' | 'phishing' | 'doxxing') => {
    await house.send({ text, urls: [url], class: kind, hostname: 'forum.example' });
    await house.read();
  };
  const items = () =>
    house.store.db
      .selectFrom('evidence')
      .innerJoin('desk_case', 'desk_case.case_id', 'evidence.case_id')
      .select(['evidence_id', 'class', 'url', 'capture_state'])
      .orderBy('evidence.created_order')
      .execute();
  const states = async () => (await items()).map((item) => `${item.class} ${item.capture_state}`);
  const waiting = async () =>
    (await house.store.db.selectFrom('capture').select('url').where('state', '=', 'waiting').execute()).map((row) => row.url);
  const say = (evidenceId: EvidenceId | undefined, isChildAbuse: boolean, ...scopes: Scope[]) =>
    transact(house.store, async (unit) => {
      if (evidenceId === undefined) throw new Error('there is no item');
      await setChecked(unit, callerWith(...scopes), evidenceId, isChildAbuse, nowOf({ now: () => Date.UTC(2026, 2, 4, 11) }));
    });

  it('is fetched for nobody until a lead says that it was checked, then again in other cases, and no second false report stops it', async () => {
    house = await startReadingHouse(await databases.fresh());
    await report('[threat naming a place and time]', 'threat-to-life');
    await report('a false report', 'child-abuse');
    await report('something else entirely', 'phishing');
    expect(await states()).toEqual(['threat-to-life never', 'child-abuse never', 'phishing never']);
    const [open, hidden] = await items();

    await expect(say(open?.evidence_id, false, 'desk:work')).rejects.toThrow('Only a lead');
    expect(await waiting()).toEqual([]);
    await say(hidden?.evidence_id, false, 'desk:work', 'desk:lead');
    expect(await states()).toEqual(['threat-to-life waiting', 'child-abuse never', 'phishing waiting']);
    expect(await waiting()).toEqual([url, url]);
    const { rows } = await sql<{ why: string }>`select why from custody where evidence_id = ${open?.evidence_id ?? ''}`.execute(
      house.store.db,
    );
    expect(rows.map((row) => row.why)).toContain('A lead says that this address was checked: it is not child abuse.');

    await report('another false report in quite other words', 'child-abuse');
    await report('and one more claim that has nothing in common', 'doxxing');
    expect((await states()).filter((state) => !state.startsWith('child-abuse'))).toEqual([
      'threat-to-life waiting',
      'phishing waiting',
      'doxxing waiting',
    ]);

    await say(open?.evidence_id, true, 'desk:work', 'desk:lead');
    expect(await waiting()).toEqual([]);
    await expect(say(open?.evidence_id, true, 'desk:work', 'desk:lead')).rejects.toThrow('Nobody said');
  });

  it('that nobody reported so has nothing to be checked', async () => {
    house = await startReadingHouse(await databases.fresh());
    await report('words', 'phishing');
    const [open] = await items();
    await expect(say(open?.evidence_id, false, 'desk:work', 'desk:lead')).rejects.toThrow('not stopped');
  });

  it('the earliest time that reports state stands, in whatever order they come', async () => {
    house = await startReadingHouse(await databases.fresh());
    for (const [text, day] of [
      ['words', '05'],
      ['words', '02'],
      ['words', '03'],
    ] as const) {
      await house.send({ text, urls: [url], happenedAt: nowOf({ now: () => Date.UTC(2026, 1, Number(day)) }) });
      if (day === '05') await house.read();
    }
    await house.read();
    const [item] = await house.store.db.selectFrom('evidence').select('event_at').execute();
    expect(item?.event_at).toBe('2026-02-02T00:00:00.000Z');
  });

  it('keeps the time that a person put right, whatever later reports state', async () => {
    house = await startReadingHouse(await databases.fresh());
    const send = async (day: number) => {
      await house.send({ text: 'words', urls: [url], happenedAt: nowOf({ now: () => Date.UTC(2026, 1, day) }) });
      await house.read();
    };
    await send(5);
    const [item] = await items();
    if (item === undefined) throw new Error('there is no item');
    const right = nowOf({ now: () => Date.UTC(2026, 1, 20) });
    await transact(house.store, ({ tx }) => changeEvidenceIn(tx, item.evidence_id, { eventAt: right }));
    await send(2);
    await send(25);
    expect(await house.store.db.selectFrom('evidence').select(['event_at', 'event_fixed']).execute()).toEqual([
      { event_at: right, event_fixed: true },
    ]);
  });
});
