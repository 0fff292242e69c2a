/**
 * A picture of a page by a browser that runs no script, remembers nothing and reaches nothing but through the capture's own proxy.
 *
 * The profile is new and thrown away; names are resolved by the proxy only; certificates are not judged here (the capture records them).
 * Never as root where there is a user `nobody`: Chromium runs as that one, and what it leaves is read only if it is a file of that user. Its own
 * sandbox stays on wherever the kernel lets it (many containers do not): a run that ends at once without a picture is tried again without it.
 * As root without such a user it runs as root without a sandbox, and the log says so at the start (`browserRisk`). A picture is a help to people, never what is proved: no picture is not a failed capture.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { chown, mkdir, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProxy } from './worker-process.ts';
import type { ReachRules } from './worker/words.ts';

const mostPictureBytes = 8 * 1024 * 1024;
const mostPageBytes = 30 * 1024 * 1024;

export type ScreenshotAsk = {
  readonly chromium: string;
  /** An http or https address that a capture has just reached. */
  readonly url: string;
  readonly rules: ReachRules;
  readonly timeoutMs: number;
};

/** PNG bytes; null when there is no browser, or it made no picture in time. */
export async function takeScreenshot(ask: ScreenshotAsk, signal: AbortSignal): Promise<Buffer | null> {
  if (!/^https?:\/\//i.test(ask.url) || (await stat(ask.chromium).catch(() => null)) === null) return null;
  const proxy = await runProxy({ kind: 'proxy', rules: ask.rules, mostBytes: mostPageBytes, timeoutMs: ask.timeoutMs }, signal);
  if (proxy === null) return null;
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-picture-'));
  try {
    const user = await browserUser();
    const picture = join(folder, 'picture.png');
    const places = [folder, join(folder, 'profile'), join(folder, 'profile', 'Default')];
    await mkdir(join(folder, 'profile', 'Default'), { recursive: true });
    const settings = join(folder, 'profile', 'Default', 'Preferences');
    await writeFile(settings, JSON.stringify(preferences));
    if (user !== null) for (const place of [...places, settings]) await chown(place, user.uid, user.gid);
    const endsAt = performance.now() + ask.timeoutMs;
    for (const sandboxed of triesOf(ask.chromium, user)) {
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0 || signal.aborted) break;
      const args = argumentsFor(folder, picture, proxy.port, ask.url);
      await run(ask.chromium, sandboxed ? args : ['--no-sandbox', ...args], { folder, user, timeoutMs: leftMs, signal });
      const found = await pictureIn(picture, user?.uid ?? process.getuid?.() ?? null);
      if (found === null) continue;
      if (!sandboxed) refusesSandbox.add(ask.chromium);
      return found;
    }
    return null;
  } finally {
    proxy.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch(() => undefined);
  }
}

/**
 * Scripts, cookies and whatever asks for permission: blocked. By the profile's settings, because the browser's own switch
 * (`--blink-settings=scriptEnabled=false`) also stops the page with which a headless Chromium 156 takes its pictures.
 */
const blocked = 2;
const preferences = {
  profile: { default_content_setting_values: { javascript: blocked, cookies: blocked, popups: blocked, notifications: blocked } },
};

function argumentsFor(folder: string, picture: string, port: number, url: string): string[] {
  return [
    '--headless=new',
    `--user-data-dir=${join(folder, 'profile')}`,
    `--proxy-server=http://127.0.0.1:${port}`,
    // Also for loopback, which Chromium would reach by itself otherwise.
    '--proxy-bypass-list=<-loopback>',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
    '--ignore-certificate-errors',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-default-apps',
    '--disable-dev-shm-usage',
    '--disable-domain-reliability',
    '--disable-extensions',
    '--disable-gpu',
    '--disable-quic',
    '--disable-sync',
    '--deny-permission-prompts',
    '--hide-scrollbars',
    '--incognito',
    '--metrics-recording-only',
    '--mute-audio',
    '--no-default-browser-check',
    '--no-first-run',
    '--no-pings',
    '--password-store=basic',
    '--window-size=1280,1800',
    '--timeout=8000',
    `--screenshot=${picture}`,
    url,
  ];
}

type BrowserUser = { readonly uid: number; readonly gid: number };

/** Browsers that made a picture only without their sandbox on this machine: not tried with it again. */
const refusesSandbox = new Set<string>();

/** Whether to run with the browser's own sandbox, in the order of the tries. */
function triesOf(chromium: string, user: BrowserUser | null): readonly boolean[] {
  // Chromium does not start as root with its sandbox.
  if (user === null && process.getuid?.() === 0) return [false];
  return refusesSandbox.has(chromium) ? [false] : [true, false];
}

/** The user that the browser runs as instead of root; null when this process is not root, or the machine has none. */
export async function browserUser(passwd = '/etc/passwd'): Promise<BrowserUser | null> {
  if (process.getuid?.() !== 0) return null;
  const lines = (await readFile(passwd, 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  const [, , uid = '', gid = ''] = lines.find(([name]) => name === 'nobody') ?? [];
  const user = { uid: Number(uid), gid: Number(gid) };
  return uid !== '' && user.uid > 0 && user.gid > 0 ? user : null;
}

/** What whoever runs this must know about the browser; null when there is nothing. */
export async function browserRisk(chromium: string | null, passwd = '/etc/passwd'): Promise<string | null> {
  if (chromium === null || process.getuid?.() !== 0 || (await browserUser(passwd)) !== null) return null;
  return 'Pictures of pages are taken by a browser that runs as root without a sandbox: run the control plane as a user, add a user “nobody”, or set --chromium off.';
}

/** The picture, if it is a file of whoever made it: a browser that was taken over must not have us read another file. */
async function pictureIn(path: string, uid: number | null): Promise<Buffer | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (file === null) return null;
  try {
    const found = await file.stat();
    if (!found.isFile() || found.nlink !== 1 || (uid !== null && found.uid !== uid)) return null;
    if (found.size === 0 || found.size > mostPictureBytes) return null;
    return await file.readFile();
  } finally {
    await file.close();
  }
}

type Running = {
  readonly folder: string;
  readonly user: BrowserUser | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

function run(program: string, args: readonly string[], { folder, user, timeoutMs, signal }: Running): Promise<void> {
  return new Promise((resolve) => {
    // A group of its own: a browser is many processes, and all of them end.
    const child = spawn(program, args, {
      cwd: folder,
      ...user,
      env: { HOME: folder, PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', TMPDIR: folder },
      stdio: 'ignore',
      detached: true,
    });
    const kill = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The group is gone already.
      }
    };
    const timer = setTimeout(kill, timeoutMs);
    signal.addEventListener('abort', kill, { once: true });
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      kill();
      resolve();
    };
    child.once('error', done);
    child.once('exit', done);
  });
}
