/** Registers what owners of sites are told, their answers, and the export of what is theirs. */
import type { AccountId } from '../../../contract/ids.ts';
import { SiteId } from '../../../contract/ids.ts';
import * as contract from '../../../contract/routes/desk/owners.ts';
import { findNotice, listNotices, markNoticesRead } from '../../../store/desk/owner-notices.ts';
import type { NoticeRecord } from '../../../store/desk/owner-notices.ts';
import { findSite } from '../../../store/sites.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { readCursor, writeCursor } from '../../http/page.ts';
import { registerRoute } from '../../http/register.ts';
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import { registerOwnerPages } from '../../pages/owner/register.ts';
import type { DeskDeps } from '../deps.ts';
import { actOnNotice } from './answer.ts';
import { changeContact, contactHint } from './contact.ts';
import { askOwner, viewCaseNotices } from './desk-side.ts';
import { exportOf } from './export.ts';
import { viewNotices } from './view.ts';

export function registerOwner(app: App, deps: DeskDeps): Job[] {
  const { db } = deps.store;
  const view = async (notice: NoticeRecord | null) => {
    const [shown] = notice === null ? [] : await viewNotices(db, [notice], nowOf(deps));
    if (shown === undefined) throw notFound('notice');
    return shown;
  };

  registerRoute(app, deps, contract.listOwnerNotices, async ({ query, caller }) => {
    const page = await listNotices(db, accountOf(caller), { limit: query.limit, before: readCursor(query.cursor) });
    const at = nowOf(deps);
    const unread = page.notices.filter(({ readAt }) => readAt === null).map(({ noticeId }) => noticeId);
    await markNoticesRead(db, unread, at);
    return { items: await viewNotices(db, page.notices, at), next: writeCursor(page.next), total: page.total };
  });
  registerRoute(app, deps, contract.answerNotice, async ({ params, body, caller }) => {
    const notice = await findNotice(db, params.noticeId, accountOf(caller));
    if (notice === null) throw notFound('notice');
    await actOnNotice(deps, notice, body, caller);
    return view(await findNotice(db, params.noticeId, accountOf(caller)));
  });
  registerRoute(app, deps, contract.exportSite, async ({ params, caller }) => {
    const siteId = SiteId.safeParse(params.siteId);
    const site = siteId.success ? await findSite(db, siteId.data, caller.accountId) : null;
    if (site === null) throw notFound('site');
    return exportOf(site);
  });
  registerRoute(app, deps, contract.getAccountContact, async ({ caller }) => ({
    hint: await contactHint(deps, accountOf(caller)),
  }));
  registerRoute(app, deps, contract.setAccountContact, async ({ body, caller }) => ({
    hint: await changeContact(deps, caller, accountOf(caller), body.mail),
  }));
  registerRoute(app, deps, contract.listCaseNotices, async ({ params }) => ({
    items: await viewCaseNotices(deps, params.caseId),
  }));
  registerRoute(app, deps, contract.askOwner, ({ params, body, caller }) => askOwner(deps, caller, params.caseId, body));
  registerOwnerPages(app, deps);
  return [];
}

/** Notices belong to an account. Fails closed: somebody of the house has none, and reads an owner's notices with the case. */
function accountOf(caller: Caller): AccountId {
  if (caller.accountId === null) {
    throw new Failure('not-allowed', 'Notices are for owners of sites. The desk reads them with their case.');
  }
  return caller.accountId;
}
