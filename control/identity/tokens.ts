/**
 * API tokens: made by a person for a program, with some of the maker's scopes, shown once, revocable.
 *
 * A token never holds more than its maker held when making it (nor, at use, more than its person's roles hold then), so a token cannot
 * make a stronger one. A token without end is made only by the program itself (first-start.ts) and for people without a browser.
 */
import { idPrefix, TokenId } from '../../contract/ids.ts';
import { createToken, listTokens, revokeToken } from '../../contract/routes/identity.ts';
import { instantOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import { addAudit } from '../../store/audit.ts';
import { insertToken, listTokens as readTokens, revokeToken as revokeStored } from '../../store/identity/sessions.ts';
import { Failure, notFound } from '../http/failure.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { inTransaction, nowOf, personRef } from './deps.ts';
import type { IdentityDeps } from './deps.ts';
import { hashOf, newApiToken } from './secrets.ts';

export function registerTokenRoutes(app: App, deps: IdentityDeps): void {
  registerRoute(app, deps, listTokens, async ({ caller, query }) => {
    const everybody = query.everybody === 'true';
    if (everybody && !caller.scopes.has('people:read')) {
      throw new Failure('not-allowed', 'This needs “people:read”, which your roles or this token do not hold.');
    }
    return { items: await readTokens(deps.store.db, everybody ? null : caller.personId, nowOf(deps)) };
  });

  registerRoute(app, deps, createToken, async ({ caller, body }) => {
    const scopes = [...new Set(body.scopes)];
    const beyond = scopes.filter((scope) => !caller.scopes.has(scope));
    if (beyond.length > 0) {
      throw new Failure('not-allowed', `You do not hold ${beyond.join(', ')} yourself, so a token cannot. Nothing was made.`);
    }
    const token = newApiToken();
    const info = {
      tokenId: TokenId.parse(randomId(idPrefix.token)),
      personId: caller.personId,
      personName: caller.name,
      name: body.name,
      scopes,
      createdAt: nowOf(deps),
      expiresAt: instantOf(deps.now() + body.expiresInDays * 86_400_000),
      lastUsedAt: null,
    };
    await inTransaction(deps, async (tx) => {
      await insertToken(tx, { ...info, secretHash: hashOf(token), at: info.createdAt });
      await addAudit(tx, {
        at: info.createdAt,
        who: personRef(caller),
        act: 'token.create',
        subject: info.tokenId,
        detail: { name: info.name, scopes, expiresAt: info.expiresAt, via: caller.via },
      });
    });
    return { token, info };
  });

  registerRoute(app, deps, revokeToken, async ({ caller, params }) => {
    const ofPerson = caller.scopes.has('people:write') ? null : caller.personId;
    await inTransaction(deps, async (tx) => {
      const owner = await revokeStored(tx, params.tokenId, ofPerson, nowOf(deps));
      if (owner === null) throw notFound('token');
      await addAudit(tx, {
        at: nowOf(deps),
        who: personRef(caller),
        act: 'token.revoke',
        subject: params.tokenId,
        detail: { of: owner },
      });
    });
    return {};
  });
}
