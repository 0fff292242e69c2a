/** Registers requests of authorities: the routes, and the job that holds what is added while a preservation runs. */
import * as contract from '../../../contract/routes/desk/pressure.ts';
import type { AuthorityRequest } from '../../../contract/routes/desk/pressure.ts';
import { missingOf } from '../../../core/desk/authority.ts';
import { redact, redactUrl } from '../../../core/desk/redaction.ts';
import { listAuthority } from '../../../store/desk/authority.ts';
import type { AuthorityRecord } from '../../../store/desk/authority.ts';
import { readCursor, writeCursor } from '../../http/page.ts';
import { registerRoute } from '../../http/register.ts';
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase } from '../names.ts';
import { mustHaveSignedInLately } from '../recent.ts';
import { actOnRequest, enterRequest, factsOf, holdNewEvidence, openContact } from './service.ts';

export function registerAuthority(app: App, deps: DeskDeps): Job[] {
  const { db } = deps.store;
  registerRoute(app, deps, contract.listAuthority, async ({ query }) => {
    const open = query.open === undefined ? null : query.open === 'true';
    const page = await listAuthority(db, { open, limit: query.limit, before: readCursor(query.cursor) });
    const items: AuthorityRequest[] = [];
    for (const record of page.items) items.push(await view(deps, record));
    return { items, next: writeCursor(page.next), total: page.total };
  });
  registerRoute(app, deps, contract.enterAuthority, async ({ body, caller }) =>
    view(deps, await enterRequest(deps, caller, body)),
  );
  registerRoute(app, deps, contract.actOnAuthority, async ({ params, body, caller }) =>
    view(deps, await actOnRequest(deps, caller, params.authorityId, body)),
  );
  registerRoute(app, deps, contract.unsealAuthority, async ({ params, body, caller, request }) => {
    await mustHaveSignedInLately(deps, request);
    return { fields: await openContact(deps, caller, params.authorityId, body.reason) };
  });
  return [{ name: 'evidence under preservation', everyMs: 600_000, afterMs: 30_000, run: () => holdNewEvidence(deps) }];
}

/** A request as the desk reads it: redacted, without its sender. */
async function view(deps: DeskDeps, record: AuthorityRecord): Promise<AuthorityRequest> {
  const names = record.caseId === null ? [] : await namesOfCase(deps.store.db, deps.seal, record.caseId);
  const black = (text: string) => redact(text, names);
  const { callBack } = record;
  return {
    authorityId: record.authorityId,
    kind: record.kind,
    state: record.state,
    agency: black(record.agency),
    law: record.law,
    reference: record.reference,
    urls: record.urls.map((url) => redactUrl(url, names)),
    text: black(record.text),
    caseId: record.caseId,
    receivedAt: record.receivedAt,
    channel: record.channel,
    missing: record.state === 'answered' || record.state === 'refused' ? [] : missingOf(factsOf(record)),
    callBack:
      callBack === null ? null : { ...callBack, numberSource: black(callBack.numberSource), record: black(callBack.record) },
    second: record.second,
    answeredAt: record.answeredAt,
    answer: record.answer === null ? null : black(record.answer),
    preserveUntil: record.preserveUntil,
  };
}
