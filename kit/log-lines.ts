/**
 * Where a program's log lines go: a file descriptor, each line written whole and at once; a line that cannot be written is dropped.
 *
 * Telling about a trouble must not become one: pino's own destination ends the process when a log on a full disk refuses a line, and its
 * exit hook then tries again for ever, ten times a second, with the event loop blocked (seen with `write(2) = ENOSPC`). Open: lines
 * are lost while the disk is full or a reader is slow; the first line that can be written again says how many.
 */
import { writeSync } from 'node:fs';

export type LogLines = { write(line: string): void };

/** Lines for a file descriptor. `put` is for tests; it writes what it is given or throws. */
export function logLines(fd: number, put: (text: string) => void = (text) => writeAll(fd, text)): LogLines {
  let dropped = 0;
  return {
    write(line) {
      try {
        if (dropped > 0) {
          put(
            `${JSON.stringify({ level: 40, time: Date.now(), dropped, msg: 'log lines could not be written and were dropped' })}\n`,
          );
          dropped = 0;
        }
        put(line);
      } catch {
        dropped += 1;
      }
    },
  };
}

/** A full pipe takes a part, or nothing (EAGAIN): what is left is then given up, ended by a line break so that the next line is whole. */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  const written = writeSync(fd, bytes);
  if (written === bytes.length) return;
  writeSync(fd, bytes, written);
}
