/**
 * From a mail to a person who is awake: somebody writes to danger@, the people on call are woken by mail and push, one of them says so.
 *
 * Through the front doors only: SMTP in, SMTP and HTTP out, the API. And nowhere on the way does the reporter's mailbox show.
 */
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getCase, listCaseReports, listCases } from '../../contract/routes/desk/cases.ts';
import { acknowledgePage, getOnCall, setOnCall } from '../../contract/routes/desk/pressure.ts';
import { listAlarms, listAudit } from '../../contract/routes/house.ts';
import { getMe } from '../../contract/routes/identity.ts';
import { Cidr } from '../../contract/network.ts';
import { startControlHouse } from '../harness/control-house.ts';
import type { ControlHouse } from '../harness/control-house.ts';
import { startDns } from '../harness/dns.ts';
import type { TestDns } from '../harness/dns.ts';
import { startRelay } from '../harness/mail-relay.ts';
import type { TestRelay } from '../harness/mail-relay.ts';
import { sendMail } from '../harness/mail-sender.ts';
import { removeFolder, temporaryFolder, until } from '../harness/ports.ts';
import { embeddedAddress } from '../harness/stores.ts';

const folder = temporaryFolder('mail-to-page');
const pushes: string[] = [];
const push = createServer((request, answer) => {
  request.setEncoding('utf8');
  request.on('data', (piece: string) => void pushes.push(piece));
  request.on('end', () => answer.end());
});
let house: ControlHouse;
let relay: TestRelay;
let dns: TestDns;

beforeAll(async () => {
  [relay, dns] = await Promise.all([startRelay(), startDns()]);
  dns.set('people.example', { txt: ['v=spf1 ip4:127.0.0.1 -all'] });
  await new Promise<void>((resolve) => push.listen(0, '127.0.0.1', resolve));
  house = await startControlHouse(await embeddedAddress(folder), {
    dnsServers: [dns.address],
    desk: {
      mailListen: { host: '127.0.0.1', port: 0 },
      mailRelay: relay.url,
      allowNotify: [Cidr.parse('127.0.0.0/8')],
    },
  });
});
afterAll(async () => {
  await house?.stop();
  await relay?.stop();
  await dns?.stop();
  push.close();
  removeFolder(folder);
});

it('a mail to danger@ wakes the people on call, who find the case and say that they have it', async () => {
  const lead = house.lead();
  const { personId } = await lead.call(getMe);
  const address = push.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  await lead.call(setOnCall, { body: { personId, channel: 'mail', address: 'lee@house.example', position: 1, active: true } });
  await lead.call(setOnCall, {
    body: { personId, channel: 'push', address: `http://127.0.0.1:${port}/topic`, position: 1, active: true },
  });

  const began = performance.now();
  await sendMail(house.mailPort(), {
    from: 'Rahel Canary <rahel.canary@people.example>',
    to: 'danger@shield.example',
    subject: 'Please look',
    text: 'At forum.example somebody writes [threat naming a place and time].',
  });
  const page = await until('the lead was woken by mail', () => relay.mails.find((mail) => mail.to[0] === 'lee@house.example'));
  await until('and by push', () => pushes.length > 0);
  expect(performance.now() - began).toBeLessThan(10_000);
  const receipt = await until('the reporter has a receipt', () =>
    relay.mails.find((mail) => mail.to[0] === 'rahel.canary@people.example'),
  );
  expect(receipt.words).toContain('/r/');

  const [found] = (await lead.call(listCases, { query: { open: 'true' } })).items;
  if (found === undefined) throw new Error('there is a case');
  expect(found).toMatchObject({ lane: 'life-threat' });
  expect(page.words).toContain(`/console/desk/cases/${found.caseId}`);
  const { pages } = await lead.call(getOnCall);
  const [one] = pages;
  if (one === undefined) throw new Error('there are pages');
  await lead.call(acknowledgePage, { params: { pageId: one.pageId } });
  const after = await lead.call(getOnCall);
  expect(after.pages.every((each) => each.acknowledgedBy?.name === 'Lee Lead')).toBe(true);

  const params = { caseId: found.caseId };
  const read = [
    await lead.call(getCase, { params }),
    await lead.call(listCaseReports, { params }),
    await lead.call(listAlarms, { query: {} }),
    await lead.call(listAudit, { query: {} }),
    after,
    pushes,
    page.words,
    house.logged,
  ];
  for (const output of read) expect(JSON.stringify(output)).not.toMatch(/canary/i);
});
