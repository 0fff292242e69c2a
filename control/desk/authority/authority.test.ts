/** Requests of authorities through the API: complete only by what our own people did, never by a signature; holds that last. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { z } from 'zod';
import { AuthorityId } from '../../../contract/ids.ts';
import { getCase, openCase } from '../../../contract/routes/desk/cases.ts';
import { actOnAuthority, enterAuthority, listAuthority, unsealAuthority } from '../../../contract/routes/desk/pressure.ts';
import { listAudit } from '../../../contract/routes/house.ts';
import type { Api } from '../../../tests/harness/api.ts';
import { refusalOf } from '../../../tests/harness/api.ts';
import { startControlHouse } from '../../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../../tests/harness/control-house.ts';
import { sendMail } from '../../../tests/harness/mail-sender.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';

describeOnBoth('requests of authorities', (databases) => {
  let house: ControlHouse;
  let second: Api;
  let analyst: Api;
  beforeAll(async () => {
    house = await startControlHouse(await databases.fresh(), { desk: { mailListen: { host: '127.0.0.1', port: 0 } } });
    second = await house.person('Sam Second', ['lead']);
    analyst = await house.person('Ada Analyst', ['analyst']);
  });
  afterAll(async () => house.stop());

  const enter = (body: Omit<z.input<typeof enterAuthority.body>, 'agency'>) =>
    house.lead().call(enterAuthority, { body: { agency: 'Police of Example', ...body } });
  const act = (who: Api, authorityId: AuthorityId, body: z.input<typeof actOnAuthority.body>) =>
    who.call(actOnAuthority, { params: { authorityId }, body });

  it('an order is complete when it names its law, its reference and its addresses; then it can be answered', async () => {
    const order = await enter({ kind: 'order', text: 'An order on paper.' });
    expect(order).toMatchObject({ state: 'incomplete', channel: 'hand', missing: { length: 3 } });
    expect(await refusalOf(act(house.lead(), order.authorityId, { act: 'answer', text: 'Here it is, all of it.' }))).toBe(
      'wrong-state',
    );
    const urls = ['https://forum.example/t/1'];
    const whole = await act(house.lead(), order.authorityId, { act: 'complete', law: 'Art. 9', reference: '12/34', urls });
    expect(whole).toMatchObject({ state: 'complete', missing: [] });
    const answered = await act(house.lead(), order.authorityId, { act: 'answer', text: 'The pages are no longer shown.' });
    expect(answered.state).toBe('answered');
    expect(await refusalOf(act(house.lead(), order.authorityId, { act: 'refuse', text: 'We changed our minds.' }))).toBe(
      'wrong-state',
    );
  });

  it('an emergency request waits for a call back and for a second person', async () => {
    const { authorityId } = await enter({
      kind: 'emergency-request',
      text: 'Imminent danger.',
      contact: 'officer.canary@police.example',
    });
    const call = {
      act: 'call-back',
      numberSource: 'the directory of the state police',
      record: 'Spoke with the officer on duty.',
    } as const;
    expect(await refusalOf(act(second, authorityId, { act: 'second' }))).toBe('wrong-state');
    expect(await act(house.lead(), authorityId, call)).toMatchObject({ state: 'call-back-due', missing: { length: 1 } });
    expect(await refusalOf(act(house.lead(), authorityId, { act: 'second' }))).toBe('same-person');
    expect(await act(second, authorityId, { act: 'second' })).toMatchObject({
      state: 'complete',
      second: { name: 'Sam Second' },
    });
    const seen = JSON.stringify(await house.lead().call(listAuthority)) + house.logged.join('');
    expect(seen).not.toContain('canary');
    const opened = house.lead().call(unsealAuthority, { params: { authorityId }, body: { reason: 'to write to the officer' } });
    expect((await opened).fields).toEqual([{ name: 'contact', value: 'officer.canary@police.example' }]);
    const { items } = await house.lead().call(listAudit, { query: { subject: authorityId } });
    expect(items[0]).toMatchObject({ act: 'authority.unseal', detail: { reason: 'to write to the officer' } });
    const refused = analyst.call(unsealAuthority, { params: { authorityId }, body: { reason: 'to write to the officer' } });
    expect(await refusalOf(refused)).toBe('not-allowed');
  });

  it('a mail to authority@ is an unverified request; its kind is a suggestion', async () => {
    const letter = { from: 'officer.canary@police.example', to: 'authority@shield.example' };
    await sendMail(house.mailPort(), {
      ...letter,
      subject: 'Preservation request',
      text: 'Please call +1 202 555 0143. Yours, officer.canary@police.example',
    });
    const [request] = (await house.lead().call(listAuthority)).items;
    expect(request).toMatchObject({ kind: 'preservation', state: 'incomplete', channel: 'mail' });
    expect(request?.agency).toBe('unverified, by mail from police.example');
    expect(JSON.stringify(request)).not.toMatch(/canary|555 0143/);
    expect(house.logged.join('')).not.toContain('canary');
    const { caseId } = await analyst.call(openCase, { body: { title: 'A case', class: 'harassment', reason: 'by hand' } });
    if (request === undefined) throw new Error('there is a request');
    await act(house.lead(), request.authorityId, { act: 'link', caseId });
    const { evidence } = await analyst.call(getCase, { params: { caseId } });
    expect(evidence).toMatchObject([{ kind: 'order', level: 'A1', sensitive: true, mediaType: 'message/rfc822' }]);
  });

  it('a preservation holds a case, at most 90 days at a time, and a renewal never shortens it', async () => {
    const { caseId } = await analyst.call(openCase, { body: { title: 'A case', class: 'harassment', reason: 'by hand' } });
    const { authorityId } = await enter({ kind: 'preservation', text: 'Keep everything.' });
    expect(await refusalOf(act(house.lead(), authorityId, { act: 'preserve', days: 90 }))).toBe('wrong-state');
    expect(await act(house.lead(), authorityId, { act: 'link', caseId })).toMatchObject({ state: 'complete', caseId });
    const held = await act(house.lead(), authorityId, { act: 'preserve', days: 90 });
    const shorter = await act(house.lead(), authorityId, { act: 'preserve', days: 1 });
    expect(shorter.preserveUntil).toBe(held.preserveUntil);
    house.pass(10 * 86_400_000);
    const renewed = await act(house.lead(), authorityId, { act: 'preserve', days: 90 });
    expect((renewed.preserveUntil ?? '') > (held.preserveUntil ?? '')).toBe(true);
  });

  it('an analyst reads them and changes none; one that is not there is not found', async () => {
    const { items } = await analyst.call(listAuthority, { query: { open: 'true' } });
    expect(items.length).toBeGreaterThan(0);
    const [request] = items;
    if (request === undefined) throw new Error('there are requests');
    expect(await refusalOf(act(analyst, request.authorityId, { act: 'refuse', text: 'We do not answer this.' }))).toBe(
      'not-allowed',
    );
    const nobody = AuthorityId.parse('auth_000000000000');
    expect(await refusalOf(act(house.lead(), nobody, { act: 'second' }))).toBe('not-found');
  });
});
