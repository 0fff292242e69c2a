/** Messages out and the people on call, on both databases, with a real relay and real sockets. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getMe } from '../../../contract/routes/identity.ts';
import { Cidr } from '../../../contract/network.ts';
import { acknowledgePage, getOnCall, setOnCall, testOnCall } from '../../../contract/routes/desk/pressure.ts';
import { acknowledgeAlarm, listAlarms } from '../../../contract/routes/house.ts';
import { refusalOf } from '../../../tests/harness/api.ts';
import { startControlHouse } from '../../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../../tests/harness/control-house.ts';
import { startRelay } from '../../../tests/harness/mail-relay.ts';
import type { TestRelay } from '../../../tests/harness/mail-relay.ts';
import { until } from '../../../tests/harness/ports.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';

type Call = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string };

/** A web server that keeps what it is told and answers with `status`. */
async function startEar(): Promise<{ url: string; calls: Call[]; status: number; stop: () => Promise<void> }> {
  const calls: Call[] = [];
  const server = createServer((incoming, answer) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => void pieces.push(piece));
    incoming.on('end', () => {
      calls.push({ path: incoming.url ?? '', headers: incoming.headers, body: Buffer.concat(pieces).toString('utf8') });
      answer.writeHead(ear.status, { location: '/elsewhere' }).end('thank you');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  const ear = {
    url: `http://127.0.0.1:${port}`,
    calls,
    status: 200,
    stop: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
  return ear;
}

describeOnBoth('messages out', (databases) => {
  let house: ControlHouse;
  let relay: TestRelay;
  let ear: Awaited<ReturnType<typeof startEar>>;
  beforeAll(async () => {
    [relay, ear] = await Promise.all([startRelay(), startEar()]);
    house = await startControlHouse(await databases.fresh(), {
      desk: { mailRelay: relay.url, allowNotify: [Cidr.parse('127.0.0.0/8')] },
    });
  });
  afterAll(async () => {
    await house.stop();
    await relay.stop();
    await ear.stop();
  });
  const alarms = async () =>
    (await house.operator().call(listAlarms, { query: { open: 'true' } })).items.map((alarm) => alarm.sentence);
  const idOfLead = async () => (await house.lead().call(getMe)).personId;

  it('nobody on call is an alarm, not silence', async () => {
    expect(await house.lead().call(testOnCall)).toEqual({ sent: 0 });
    expect((await alarms()).join()).toContain('Nobody is on call');
  });

  it('a page reaches everybody who is active, by mail, webhook and push, and no address comes out again', async () => {
    const personId = await idOfLead();
    const set = (channel: 'mail' | 'webhook' | 'push', address: string) =>
      house.lead().call(setOnCall, { body: { personId, channel, address, position: 1, active: true } });
    expect(await set('mail', 'lee.lead.secret@people.example')).toMatchObject({ addressHint: 'l…@people.example' });
    await set('webhook', `${ear.url}/hook-secret`);
    await set('push', `${ear.url}/topic-secret`);
    expect(await house.lead().call(testOnCall)).toEqual({ sent: 3 });
    await until('the page came by all three ways', () => relay.mails.length === 1 && ear.calls.length === 2);
    const [mail] = relay.mails;
    expect(mail?.to).toEqual(['lee.lead.secret@people.example']);
    expect(mail?.text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(mail?.text).toMatch(/^Message-ID: <page_[0-9a-z]{12}@shield\.example>\r$/m);
    expect(mail?.text).toContain('Example Shield desk');
    const hook = ear.calls.find((call) => call.path === '/hook-secret');
    expect(JSON.parse(hook?.body ?? '')).toMatchObject({ urgent: true });
    expect(ear.calls.find((call) => call.path === '/topic-secret')).toMatchObject({ headers: { priority: '5' } });
    const list = await until('all are marked sent', async () => {
      const answer = await house.lead().call(getOnCall);
      return answer.pages.every((page) => page.state === 'sent') && answer;
    });
    expect(list.mailFinding).toBeNull();
    const seen = JSON.stringify(list) + house.logged.join('');
    for (const secret of ['lee.lead.secret', 'hook-secret', 'topic-secret']) expect(seen).not.toContain(secret);
  });

  it('an address that leads inward is refused when it is set', async () => {
    const personId = await idOfLead();
    for (const address of [
      'https://10.0.0.7/x',
      'https://[::ffff:169.254.169.254]/',
      'ftp://push.example/x',
      'http://192.0.2.7/x',
    ]) {
      const call = house.lead().call(setOnCall, { body: { personId, channel: 'webhook', address, position: 1, active: true } });
      expect(await refusalOf(call), address).toBe('origin-refused');
    }
    const call = house.lead().call(setOnCall, {
      body: { personId, channel: 'mail', address: 'a@b.example\r\nBcc: c@d.example', position: 1, active: true },
    });
    expect(await refusalOf(call)).toBe('bad-request');
  });

  it('a relay that comes back gets each message once; meanwhile the console says why mail waits', async () => {
    await relay.stop();
    relay.mails.length = 0;
    await house.lead().call(testOnCall);
    await until('the console says that the relay is away', async () =>
      (await house.lead().call(getOnCall)).mailFinding?.includes('cannot be reached'),
    );
    await relay.start();
    house.pass(600_000);
    await until('the message came', () => relay.mails.length > 0);
    await until('nothing waits', async () => (await house.lead().call(getOnCall)).pages.every((page) => page.state === 'sent'));
    expect(relay.mails).toHaveLength(1);
  });

  it('a page that cannot be delivered raises an alarm; an address that is refused for good is given up', async () => {
    // An open alarm of a kind stands for those that would follow it.
    for (const { alarmId } of (await house.operator().call(listAlarms, { query: { open: 'true' } })).items) {
      await house.operator().call(acknowledgeAlarm, { params: { alarmId } });
    }
    relay.refuse(550);
    await house.lead().call(testOnCall);
    const failed = await until('the page failed', async () =>
      (await house.lead().call(getOnCall)).pages.find((page) => page.state === 'failed'),
    );
    expect(failed.lastError).toBe('The relay refused the message for good with 550.');
    expect((await alarms()).join()).toContain('did not reach somebody on call');
    expect(house.logged.join('')).not.toContain('lee.lead.secret');
    relay.refuse(null);
  });

  it('a redirect of a webhook is not followed', async () => {
    ear.status = 307;
    ear.calls.length = 0;
    await house.lead().call(testOnCall);
    await until('it was called', () => ear.calls.length >= 2);
    expect(ear.calls.map((call) => call.path)).not.toContain('/elsewhere');
    ear.status = 200;
  });

  it('acknowledging says who has it', async () => {
    const [page] = (await house.lead().call(getOnCall)).pages;
    if (page === undefined) throw new Error('there are pages');
    const answered = await house.lead().call(acknowledgePage, { params: { pageId: page.pageId } });
    expect(answered.acknowledgedBy?.name).toBe('Lee Lead');
  });
});
