/** What a bench ran on: printed with every result, because a figure without its machine says nothing. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';

/** Processor, memory, versions, and the load (one minute) at the moment of asking: ask before the bench makes its own. */
export function machine(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    haproxy: version('haproxy', ['-v'], /version (\S+)/),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

function version(program: string, args: readonly string[], pattern: RegExp): string {
  try {
    return pattern.exec(execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }))?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
