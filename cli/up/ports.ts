/**
 * Whether the ports that are wanted are free, asked before anything starts, and who has them if not.
 *
 * A port is tried by listening on it for a moment, which is the only question that the kernel answers truly. The owner is read from
 * /proc and is knowable only for one's own processes, or as root. Between this check and the real listen somebody else may still
 * come first: the program that loses then says so itself.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename } from 'node:path';

export type Wanted = { readonly what: string; readonly flag: string; readonly address: string; readonly port: number };

export type PortOwner = { readonly pid: number; readonly name: string; readonly command: string };

/** A sentence for every wanted port that cannot be had; empty when all are free. `mine`: an owner that may keep it. */
export async function portTroubles(wanted: readonly Wanted[], mine: (owner: PortOwner) => boolean): Promise<string[]> {
  const troubles: string[] = [];
  for (const [index, one] of wanted.entries()) {
    const twin = wanted
      .slice(0, index)
      .find((other) => other.port === one.port && other.port !== 0 && overlap(other.address, one.address));
    if (twin !== undefined) {
      troubles.push(
        `Port ${one.port} is wanted twice: for ${twin.what} and for ${one.what}. Choose another with ${one.flag} <port>.`,
      );
      continue;
    }
    const code = await tryListen(one.address, one.port);
    if (code === null) continue;
    const owner = code === 'EADDRINUSE' ? portOwner(one.port) : null;
    if (owner !== null && mine(owner)) continue;
    troubles.push(sentence(one, code, owner));
  }
  return troubles;
}

/** Who listens on a TCP port, as far as /proc tells this user. */
export function portOwner(port: number): PortOwner | null {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readText(table).split('\n').slice(1)) {
      const [, local = '', , state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
      if (state === '0A' && Number.parseInt(local.split(':').at(-1) ?? '', 16) === port) inodes.add(`socket:[${inode}]`);
    }
  }
  if (inodes.size === 0) return null;
  for (const pid of names('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of names(`/proc/${pid}/fd`)) {
      if (!inodes.has(linkOf(`/proc/${pid}/fd/${fd}`))) continue;
      const words = readText(`/proc/${pid}/cmdline`).split('\0');
      // By its first word: `comm` is the name of a thread, which Node calls MainThread.
      const name = basename(words[0] ?? '') || readText(`/proc/${pid}/comm`).trim();
      return { pid: Number(pid), name, command: words.join(' ').trim() };
    }
  }
  return null;
}

function sentence({ what, flag, address, port }: Wanted, code: string, owner: PortOwner | null): string {
  const other = `choose another with ${flag} <port>`;
  if (code === 'EADDRINUSE') {
    const by = owner === null ? 'another program' : `${owner.name} (process ${owner.pid})`;
    return `Port ${port}, wanted for ${what}, is taken by ${by}. Stop it, or ${other}.`;
  }
  if (code === 'EACCES') return `Port ${port}, wanted for ${what}, needs root. Run this as root, or ${other}.`;
  if (code === 'EADDRNOTAVAIL')
    return `This machine has no address ${address}, wanted for ${what}. Give one of its own with --address.`;
  return `Port ${port} on ${address}, wanted for ${what}, cannot be had (${code}); ${other}.`;
}

function overlap(one: string, other: string): boolean {
  const everywhere = ['0.0.0.0', '::'];
  return one === other || everywhere.includes(one) || everywhere.includes(other);
}

function tryListen(address: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve('code' in error && typeof error.code === 'string' ? error.code : error.message));
    server.listen({ host: address, port, ipv6Only: address.includes(':') }, () => server.close(() => resolve(null)));
  });
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Another user's process, or one that has just ended.
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
