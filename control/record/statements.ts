/**
 * Puts published statements into the record: a version is stored, with its leaf, before it is shown for the first time.
 *
 * So a statement that was changed later, by a correction, an appeal or its end, cannot be passed off as the one that stood there. Fails closed: what
 * cannot be recorded is not shown. What nobody looks at is recorded when it comes into force and when its state changes (`settle`).
 */
import { createHash } from 'node:crypto';
import type { DecisionNumber, Instant } from '../../contract/ids.ts';
import { PublishedStatement, statementText } from '../../contract/record/statement.ts';
import type { RecordReference } from '../../contract/record/statement.ts';
import type { PublicDecision, PublicNoAction } from '../../contract/routes/orders.ts';
import { instantOf } from '../../core/instant.ts';
import { leafText } from '../../core/record/leaf.ts';
import { addStatement, newestStatement, statementsToRecord, statementVersions } from '../../store/record-statements.ts';
import type { StatementVersion } from '../../store/record-statements.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';

type Needs = Pick<ControlDeps, 'store' | 'now' | 'publicUrl'>;

const sha256Of = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** The statement with its place in the record. `state`: of its order, or `no-action`. */
export async function recorded<Statement extends PublicDecision | PublicNoAction>(
  deps: Needs,
  statement: Statement,
  state: string,
): Promise<Statement & { readonly record: RecordReference }> {
  const { decision } = statement;
  const text = statementText(statement);
  const sha256 = sha256Of(text);
  const newest = await newestStatement(deps.store.db, decision);
  if (newest !== null && newest.sha256 === sha256 && newest.state === state)
    return { ...statement, record: referenceOf(deps, decision, newest) };
  const at: Instant = nowOf(deps);
  const version = (newest?.version ?? 0) + 1;
  const drill = 'drill' in statement && statement.drill === true ? ({ drill: true } as const) : {};
  const leaf = leafText({ v: 1, type: 'statement', at, decision, version, sha256, ...drill });
  const made = { version, recordedAt: at, state, statement: text, sha256, leaf, leafSha256: sha256Of(leaf) };
  const first = await transact(deps.store, ({ tx }) => addStatement(tx, decision, made));
  // Otherwise somebody stored a version at the same moment, and it is compared with that.
  return first ? { ...statement, record: referenceOf(deps, decision, made) } : recorded(deps, statement, state);
}

export function proofUrlOf(publicUrl: string, leafSha256: string): string {
  return `${publicUrl}/record/proof/${leafSha256}`;
}

function referenceOf({ publicUrl }: Needs, decision: string, made: StatementVersion): RecordReference {
  const { leaf, leafSha256, version, recordedAt } = made;
  return {
    leaf,
    leafSha256,
    version,
    recordedAt,
    proofUrl: proofUrlOf(publicUrl, leafSha256),
    versionsUrl: `${publicUrl}/decisions/${decision}/versions.json`,
  };
}

/** Every version that was published, oldest first, as the public may fetch it; empty for what was never public. */
export async function versionsOf({ store, publicUrl }: Needs, decision: DecisionNumber) {
  return (await statementVersions(store.db, decision)).map(({ version, recordedAt, sha256, leaf, leafSha256, statement }) => ({
    version,
    recordedAt,
    sha256,
    leaf,
    leafSha256,
    proofUrl: proofUrlOf(publicUrl, leafSha256),
    statement: PublishedStatement.parse(JSON.parse(statement)),
  }));
}

/** So many at each turn; what is left comes at the next. */
const settledAtOnce = 50;

/** Records what came into force or changed its state and was not shown since. `show` is what shows it, and so records it. */
export async function settleStatements(
  { store, now }: Needs,
  show: (decision: DecisionNumber) => Promise<unknown>,
): Promise<void> {
  for (const decision of await statementsToRecord(store.db, instantOf(now()), settledAtOnce)) await show(decision);
}
