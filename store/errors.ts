/**
 * What a database error means: the database is away, a unique key is taken, or two waited for each other. Everything else is a fault of ours.
 *
 * SQLSTATE classes 08 (connection), 57P (shut down), 53 (out of disk, memory or connections), 25006 (a standby); socket errors of Node; and the words of
 * node-postgres, which gives its own time-outs no code (pg-pool index.js).
 */
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'ENOENT',
  'EHOSTUNREACH',
  'ENOSPC',
  'EIO',
]);
const words =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Cannot use a pool after|PGlite is clos|driver has already been destroyed/;

/** Whether the database did not answer or has no room, so that trying again later may work. */
export function isStoreDown(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  if (code !== null && (/^(08|53|57P|58)/.test(code) || code === '25006' || socketCodes.has(code))) return true;
  if (words.test(error.message)) return true;
  return error instanceof AggregateError && error.errors.some(isStoreDown);
}

/** Whether the database ended a transaction because it and another one waited for each other: run again, it may pass. */
export function isDeadlock(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  return code === '40P01' || code === '40001';
}

/** The name of the constraint that a duplicate broke, or null when the error is another one. */
export function brokenUniqueKey(error: unknown): string | null {
  if (!(error instanceof Error) || codeOf(error) !== '23505') return null;
  return 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : '';
}

function codeOf(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null;
}
