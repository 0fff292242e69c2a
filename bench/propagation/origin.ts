/**
 * An origin that costs next to nothing: a HAProxy that answers `ok` by itself.
 *
 * The visitor of this bench asks some hundred times a second. An origin in the bench's own process would share its event loop with the
 * visitor and the API client, and would be measured with them (5 ms of the median on two processors).
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, isListening, removeFolder, temporaryFolder, until } from '../../tests/harness/ports.ts';

export type StaticOrigin = { readonly port: number; readonly stop: () => Promise<void> };

export async function startStaticOrigin(): Promise<StaticOrigin> {
  const folder = temporaryFolder('origin');
  const port = await freePort();
  const config = [
    'global',
    '  nbthread 1',
    'defaults',
    '  mode http',
    '  timeout client 1m',
    '  timeout http-keep-alive 1m',
    'frontend origin',
    `  bind 127.0.0.1:${port}`,
    '  http-request return status 200 content-type text/plain string ok',
    '',
  ];
  const file = path.join(folder, 'origin.cfg');
  writeFileSync(file, config.join('\n'));
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    removeFolder(folder);
  };
  try {
    await until('the origin listens', () => isListening(port));
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}
