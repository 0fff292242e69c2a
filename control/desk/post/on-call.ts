/**
 * The routes of the people on call: who is woken and how, a test page, and saying that somebody has it.
 *
 * Addresses go in and never come out: the list shows a first letter and a host.
 */
import * as contract from '../../../contract/routes/desk/pressure.ts';
import { isOneMailbox } from '../../../core/desk/mail.ts';
import { randomId } from '../../../kit/random-id.ts';
import { addAudit } from '../../../store/audit.ts';
import { listOnCall, setOnCallIn } from '../../../store/desk/on-call.ts';
import { acknowledgePageIn, mailWaiting, newestPages } from '../../../store/desk/outbox.ts';
import { findPerson } from '../../../store/identity/people.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { registerRoute } from '../../http/register.ts';
import type { App } from '../../http/register.ts';
import { checkNotifyUrl } from './delivery.ts';
import { wakeAll } from './outbox.ts';
import type { PostDeps } from './outbox.ts';

const shownPages = 100;

export function registerOnCall(app: App, deps: PostDeps): void {
  const { db } = deps.store;

  registerRoute(app, deps, contract.getOnCall, async () => ({
    people: await listOnCall(db),
    pages: await newestPages(db, shownPages),
    mailFinding: await mailFinding(deps),
  }));

  registerRoute(app, deps, contract.setOnCall, async ({ body, caller }) => {
    const person = await findPerson(db, body.personId);
    if (person === null || person.accountId !== null || person.state === 'disabled') throw notFound('person of the house');
    const address = body.address === undefined ? null : await checkAddress(deps, body.channel, body.address);
    await transact(deps.store, async (unit) => {
      const at = nowOf(deps);
      const way = {
        personId: person.personId,
        name: person.name,
        channel: body.channel,
        position: body.position,
        active: body.active,
      };
      if (!(await setOnCallIn(unit.tx, { ...way, address, at }))) {
        throw new Failure('bad-request', 'This way to wake them is new, so it needs an address. Nothing was changed.', {
          fields: [{ path: 'address', message: 'is needed for a new way' }],
        });
      }
      await addAudit(unit.tx, {
        at,
        who: caller,
        act: 'on-call.set',
        subject: person.personId,
        detail: { channel: body.channel, position: body.position, active: body.active, newAddress: address !== null },
      });
    });
    const changed = (await listOnCall(db)).find((way) => way.personId === person.personId && way.channel === body.channel);
    if (changed === undefined) throw notFound('way to wake this person');
    return changed;
  });

  registerRoute(app, deps, contract.testOnCall, async ({ caller }) =>
    transact(deps.store, async (unit) => {
      const sentence = 'This is a test of the pages to the people on call. Nothing has happened.';
      const dedupe = `test ${randomId('test')}`;
      const sent = await wakeAll(deps, unit, { dedupe, sentence, caseId: null, repeats: false, round: 0 });
      await addAudit(unit.tx, { at: nowOf(deps), who: caller, act: 'on-call.test', subject: 'on-call', detail: { sent } });
      return { sent };
    }),
  );

  registerRoute(app, deps, contract.acknowledgePage, async ({ params, caller }) =>
    transact(deps.store, async (unit) => {
      const at = nowOf(deps);
      const page = await acknowledgePageIn(unit.tx, params.pageId, { personId: caller.personId, name: caller.name }, at);
      if (page === null) throw notFound('page');
      await addAudit(unit.tx, {
        at,
        who: caller,
        act: 'page.acknowledge',
        subject: page.pageId,
        detail: { caseId: page.caseId },
      });
      if (page.caseId !== null) unit.tellAfter({ kind: 'case', caseId: page.caseId });
      return page;
    }),
  );
}

async function checkAddress(
  deps: PostDeps,
  channel: 'mail' | 'webhook' | 'push',
  address: string,
): Promise<{ encrypted: Buffer; hint: string }> {
  if (channel === 'mail') {
    if (!isOneMailbox(address)) {
      throw new Failure('bad-request', 'This is not one mailbox such as ada@shield.example. Nothing was changed.', {
        fields: [{ path: 'address', message: 'must be one mailbox' }],
      });
    }
    return {
      encrypted: deps.seal.encrypt(address),
      hint: hintOf(address.slice(0, 1), address.slice(address.lastIndexOf('@') + 1)),
    };
  }
  const reach = await checkNotifyUrl(deps, address);
  if ('why' in reach) throw new Failure('origin-refused', `${reach.why} Nothing was changed.`);
  return { encrypted: deps.seal.encrypt(reach.url.href), hint: hintOf('', reach.url.host) };
}

function hintOf(first: string, host: string): string {
  return first === '' ? host : `${first}…@${host}`;
}

/** Says that mail waits and never how much: an answer to a claim is a mail to each of its reporters, so a number would count them before the grade. */
async function mailFinding(deps: PostDeps): Promise<string | null> {
  const { waiting, lastError } = await mailWaiting(deps.store.db);
  if (deps.desk.mailRelay === null) {
    return `No relay is set (--mail-relay), so no mail goes out.${waiting > 0 ? ' Mail waits.' : ''}`;
  }
  return waiting > 0 && lastError !== null ? `${lastError} Mail waits.` : null;
}
