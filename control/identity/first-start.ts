/**
 * What a start of the control plane sets up: the link for the first account, and the operator of this machine with a token in a file.
 *
 * The link is renewed at each start until the first account exists; older ones are void. The token lets the CLI on this machine act:
 * whoever may read the file (mode 600, so whoever runs the control plane) may do so already by the database. Both secrets are handed
 * back or written, never logged.
 */
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { scopesOf } from '../../contract/access.ts';
import { idPrefix, PersonId, TokenId } from '../../contract/ids.ts';
import type { OneTimeLink } from '../../contract/routes/identity.ts';
import { nameKey } from '../../core/identity/people.ts';
import { instantOf } from '../../core/instant.ts';
import { writeDurable } from '../../kit/durable.ts';
import { randomId } from '../../kit/random-id.ts';
import { addAudit } from '../../store/audit.ts';
import { replaceLink } from '../../store/identity/doors.ts';
import { anybodyCanSignIn, findPersonByNameKey, insertPerson } from '../../store/identity/people.ts';
import { findToken, insertToken, revokeTokens } from '../../store/identity/sessions.ts';
import { inTransaction, linkUrl, nowOf } from './deps.ts';
import type { IdentityDeps } from './deps.ts';
import { hashOf, newApiToken, newSecret } from './secrets.ts';

type Needs = Pick<IdentityDeps, 'store' | 'publicUrl' | 'now'>;

const setupMs = 24 * 3_600_000;
const localOperatorName = 'operator on this machine';
/** Several control planes may share a database: each machine has its own token. */
const localTokenName = () => `machine ${hostname()}`.slice(0, 80);

/** A new link for the first account, or null when somebody can sign in already. */
export async function renewSetupLink(deps: Needs): Promise<OneTimeLink | null> {
  return inTransaction(deps, async (tx) => {
    if (await anybodyCanSignIn(tx)) return null;
    const code = newSecret();
    const expiresAt = instantOf(deps.now() + setupMs);
    await replaceLink(tx, { codeHash: hashOf(code), purpose: 'setup', personId: null, at: nowOf(deps), expiresAt });
    return { url: linkUrl(deps.publicUrl, 'setup', code), expiresAt };
  });
}

/**
 * Makes sure that the file at `path` holds a live token of the operator of this machine. A file that is missing or whose token is dead
 * gets a new one and the old ones are revoked; a person who was disabled stays disabled, and the file is left alone.
 */
export async function ensureLocalOperator(deps: Needs, path: string): Promise<'kept' | 'made' | 'disabled'> {
  const text = (await readOrNull(path))?.trim() ?? '';
  if (text !== '' && (await findToken(deps.store.db, hashOf(text), nowOf(deps))) !== null) {
    await chmod(path, 0o600);
    return 'kept';
  }
  const token = newApiToken();
  const made = await inTransaction(deps, async (tx) => {
    const at = nowOf(deps);
    const known = await findPersonByNameKey(tx, nameKey(localOperatorName));
    if (known !== null && known.state !== 'active') return false;
    const personId = known?.personId ?? PersonId.parse(randomId(idPrefix.person));
    if (known === null) {
      await insertPerson(tx, {
        personId,
        name: localOperatorName,
        nameKey: nameKey(localOperatorName),
        roles: ['operator'],
        accountId: null,
        state: 'active',
        createdAt: at,
      });
    }
    const name = localTokenName();
    await revokeTokens(tx, personId, name, at);
    const tokenId = TokenId.parse(randomId(idPrefix.token));
    const scopes = [...scopesOf(['operator'])];
    await insertToken(tx, { tokenId, secretHash: hashOf(token), personId, name, scopes, at, expiresAt: null });
    await addAudit(tx, { at, who: null, act: 'token.create', subject: tokenId, detail: { name, of: personId } });
    return true;
  });
  if (!made) return 'disabled';
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeDurable(path, `${token}\n`, 0o600);
  return 'made';
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
