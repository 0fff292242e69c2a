/**
 * What a log line holds of an error: its kind, where it was thrown, and of a database's error which statement's place broke, but never its words.
 *
 * A database repeats in its words what it was given (`Failing row contains (…)`, `invalid input syntax …: "…"`, the text of a statement and its parameters),
 * and that may be a report or somebody's name. So of whatever carries an SQLSTATE and a severity only names of our own schema are kept. Of other
 * errors message, stack, code and causes are kept, and nothing else that hangs on them. Hazard: who writes somebody's words into a message of
 * their own logs them.
 */

export type LoggedError = { readonly type: string; readonly stack: string } & Readonly<Record<string, unknown>>;

const mostCauses = 5;
/** Names of our own schema and of the database's source, and its codes. */
const ofDatabase = ['code', 'severity', 'schema', 'table', 'column', 'dataType', 'constraint', 'routine'] as const;

/** For pino's `serializers.err`. */
export function errorForLog(error: unknown, depth = 0): LoggedError | string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : typeof error;
  const fields: ReadonlyMap<string, unknown> = new Map(Object.entries(error));
  const text = (name: string) => {
    const value = fields.get(name);
    return typeof value === 'string' ? { [name]: value } : {};
  };
  const type = error.constructor.name;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  if (typeof fields.get('severity') === 'string' && typeof fields.get('code') === 'string') {
    const known = ofDatabase.flatMap((name) => Object.entries(text(name)));
    return { type, stack: frames.join('\n'), ...Object.fromEntries(known) };
  }
  const cause = error.cause === undefined || depth >= mostCauses ? {} : { cause: errorForLog(error.cause, depth + 1) };
  const several =
    error instanceof AggregateError && depth < mostCauses
      ? { errors: error.errors.slice(0, mostCauses).map((one) => errorForLog(one, depth + 1)) }
      : {};
  return { type, message: error.message, stack: [error.message, ...frames].join('\n'), ...text('code'), ...cause, ...several };
}
