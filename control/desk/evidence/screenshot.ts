/**
 * A picture of a page by a browser that runs no script, remembers nothing and reaches nothing but through the capture's own proxy.
 *
 * The profile is new and thrown away; names are resolved by the proxy only; certificates are not judged here (the capture records them).
 * Chromium's own sandbox stays on, except for root, where Chromium refuses to start with it: then this process and the container it runs in are what
 * holds. A picture is a help to people, never what is proved: no picture is not a failed capture.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
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
    const picture = join(folder, 'picture.png');
    await mkdir(join(folder, 'profile', 'Default'), { recursive: true });
    await writeFile(join(folder, 'profile', 'Default', 'Preferences'), JSON.stringify(preferences));
    await run(ask.chromium, argumentsFor(folder, picture, proxy.port, ask.url), folder, ask.timeoutMs, signal);
    const found = await stat(picture).catch(() => null);
    return found === null || found.size === 0 || found.size > mostPictureBytes ? null : await readFile(picture);
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
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
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

function run(program: string, args: readonly string[], folder: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // A group of its own: a browser is many processes, and all of them end.
    const child = spawn(program, args, {
      cwd: folder,
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
