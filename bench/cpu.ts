/**
 * What the programs that a bench started have cost in CPU so far: unlike a time on the wall, it says nearly the same on a busy machine as on a quiet one.
 *
 * Linux only (/proc). A program's children that ended count once it has waited for them, so nothing is lost between two looks.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts in hundredths of a second on every Linux that Node runs on. */
const tickMs = 10;

type Process = { readonly pid: number; readonly parent: number; readonly name: string; readonly ms: number };

/** Milliseconds of user and system time of all programs of this name below this process, ended ones included. */
export function cpuMsBelow(name: string): number {
  const all = processes();
  const below = new Set([process.pid]);
  // Parents come before their children often, not always: until nothing is found any more.
  for (let found = 0; found !== below.size;) {
    found = below.size;
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid);
  }
  return all.reduce((sum, one) => sum + (one.name === name && one.pid !== process.pid && below.has(one.pid) ? one.ms : 0), 0);
}

function processes(): Process[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const end = stat.lastIndexOf(')');
      const fields = stat.slice(end + 2).split(' ');
      const field = (n: number) => Number(fields[n - 3] ?? 0);
      const ms = (field(14) + field(15) + field(16) + field(17)) * tickMs;
      return [{ pid: Number(entry), parent: field(4), name: stat.slice(stat.indexOf('(') + 1, end), ms }];
    } catch {
      return [];
    }
  });
}
