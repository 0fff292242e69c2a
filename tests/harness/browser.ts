/**
 * Debian's Chromium, driven by playwright-core, without a single request to the outside.
 *
 * Names below `.example` and `localhost` are mapped to loopback, so that a page keeps the hostname that its visitor typed.
 * Screenshots go to `PORTCULLIS_SCREENSHOTS` if that folder is given, else nowhere.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

const chromiumPath = '/usr/bin/chromium';

const quietFlags: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts Chromium; `hosts` are hostnames that lead to 127.0.0.1 at the port which the URL names. */
export async function startBrowser(hosts: readonly string[]): Promise<Browser> {
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(',');
  return chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: [...quietFlags, `--host-resolver-rules=${rules}`],
  });
}

/**
 * Axe with all its rules, to be run on a page. “Legacy” means that results are put together in the page itself and not in a new one, which would be a new
 * renderer and a third of the work each time; it differs only for frames of other origins, and our pages have none.
 */
export function axeOn(page: Page): AxeBuilder {
  return new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] });
}

/** Keeps a picture of a page for whoever looks at them; returns its path, or null when nobody asked for pictures. */
export async function picture(page: Page, name: string): Promise<string | null> {
  const folder = process.env['PORTCULLIS_SCREENSHOTS'];
  if (folder === undefined || folder === '') return null;
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.png`);
  await page.screenshot({ path: file, fullPage: true });
  return file;
}
