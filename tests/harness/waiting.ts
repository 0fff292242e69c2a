/** The waiting line as a text browser walks it: follows the link of each page when it is due, keeps cookies by hand. */
import { ownFolder } from '../../edge/render/index.ts';
import type { Door } from './challenge.ts';
import type { Met } from './visitor.ts';
import { visit } from './visitor.ts';

const textBrowser = { accept: 'text/html, text/*;q=0.5' };

export const waitPath = `${ownFolder}/wait`;

/** Enters the line for a path, or follows a link of it. */
export function stand(door: Door, link: string, cookie: string | null = 'portcullis-line=1', headers = {}): Promise<Met> {
  return visit({ ...door, path: link, headers: { ...textBrowser, ...headers, ...(cookie === null ? {} : { cookie }) } });
}

export function enterLine(door: Door, back = '/'): Promise<Met> {
  return stand(door, `${waitPath}?r=${encodeURIComponent(back)}`, null);
}

/** Where a page of the line leads, and in how many seconds. */
export function nextHop(page: Met): { readonly link: string; readonly seconds: number } {
  const refresh = /^(\d+);url=(\S+)$/.exec(String(page.headers['refresh'] ?? ''));
  const link = refresh?.[2];
  if (link === undefined) throw new Error(`not a page of the line: ${page.status} ${page.body.slice(0, 300)}`);
  if (!page.body.includes(`href="${link.replaceAll('&', '&amp;')}"`)) throw new Error(`the page lacks its link: ${page.body}`);
  return { link, seconds: Number(refresh?.[1]) };
}

/** Waits so many seconds, which is what a waiting line is about. */
export function pass(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000 + 50));
}
