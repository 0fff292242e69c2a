/**
 * The one place where an error becomes an answer: `application/problem+json` with a reference that is also in the log.
 *
 * A Failure shows its own sentence; a database that is away shows `store-down`; everything else shows `internal` and the reference, and
 * the log has the cause. No stack, path or SQL ever leaves.
 */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { errorTable } from '../../contract/errors.ts';
import type { Problem } from '../../contract/errors.ts';
import { isStoreDown } from '../../store/errors.ts';
import { Failure } from './failure.ts';

export type ProblemDeps = { readonly log: Logger; readonly publicUrl: string };
type Asked = { readonly method: string; readonly path: string };

/** The answer to an error that a route or a page threw. Logs it under the same reference. */
export function problemResponse(error: unknown, asked: Asked, deps: ProblemDeps): Response {
  const reference = randomBytes(6).toString('hex');
  const { code, detail, fields, retryAfterSeconds } = describe(error, reference);
  const entry = { reference, code, method: asked.method, path: loggedPath(asked.path) };
  const { status, title } = errorTable[code];
  if (status >= 500) deps.log.error({ ...entry, err: error }, 'request failed');
  else deps.log.info({ ...entry, detail }, 'request refused');
  const problem: Problem = {
    type: `${deps.publicUrl}/errors/${code}`,
    code,
    title,
    status,
    detail,
    reference,
    ...(fields.length > 0 ? { fields: [...fields] } : {}),
  };
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  if (code === 'too-large') headers.set('connection', 'close');
  if (code === 'not-signed-in') headers.set('www-authenticate', 'Bearer realm="portcullis"');
  if (retryAfterSeconds !== null) headers.set('retry-after', String(retryAfterSeconds));
  return new Response(JSON.stringify(problem), { status, headers });
}

/** Private links (a report's, a notice's) carry their token as the path's second part; it reaches no log. */
function loggedPath(path: string): string {
  return path.replace(/^\/+([rn])\/.*$/s, '/$1/…');
}

function describe(error: unknown, reference: string): Pick<Failure, 'code' | 'detail' | 'fields' | 'retryAfterSeconds'> {
  if (error instanceof Failure) return error;
  if (isStoreDown(error)) {
    return {
      code: 'store-down',
      detail:
        'The database does not answer. What you sent was not stored; edges go on with what they have. Try again in a moment.',
      fields: [],
      retryAfterSeconds: 2,
    };
  }
  return {
    code: 'internal',
    detail: `Something went wrong on our side. Tell the operator the reference ${reference}; look whether your change was stored before you try again.`,
    fields: [],
    retryAfterSeconds: null,
  };
}
