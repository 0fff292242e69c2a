/** Cursors of lists: opaque outside, the creation number of the last item inside. */
import { Failure } from './failure.ts';

/** The number in a cursor, null when there is none. Throws Failure `bad-request`. */
export function readCursor(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  const number = Number(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Failure('bad-request', 'The cursor is not one that this list gave out. Start from the first page.', {
    fields: [{ path: 'query.cursor', message: 'is not a cursor of this list' }],
  });
}

export function writeCursor(number: number | null): string | null {
  return number === null ? null : Buffer.from(String(number)).toString('base64url');
}
