/** What the tools that take the pictures of docs/screenshots share: the first account, and where pictures go. Not a test: nothing here is checked. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { z } from 'zod';
import { checkout } from '../tests/harness/program.ts';
import type { Provider } from '../tests/harness/provider.ts';

const folder = path.join(checkout, 'docs', 'screenshots');

/** Makes the first account with a password, through the link that `up` printed; returns the session's cookie. */
export async function signUp(provider: Provider): Promise<{ name: string; value: string }> {
  const code = /\/console\/setup\?code=([\w-]+)/.exec(provider.up.output())?.[1] ?? '';
  const post = async (where: string, body: unknown): Promise<Response> => {
    const response = await fetch(`${provider.controlUrl}/api/v1/links/${where}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    return response;
  };
  const Begun = z.object({ ceremonyId: z.string(), totpSecret: z.string() });
  const { ceremonyId, totpSecret } = Begun.parse(await (await post('begin', { code, name: 'Ada Marsh' })).json());
  const proof = {
    kind: 'password',
    password: 'a gate that can be dropped',
    totpCode: new TOTP({ secret: totpSecret }).generate(),
  };
  const redeemed = await post('redeem', { code, ceremonyId, proof });
  const [name = '', value = ''] = (redeemed.headers.getSetCookie()[0] ?? '').split(';')[0]?.split('=') ?? [];
  return { name, value };
}

export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
  console.log(`docs/screenshots/${name}.png`);
}
