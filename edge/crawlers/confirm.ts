/**
 * Whether an address is a crawler's: its name by reverse DNS is in a domain that the crawler's operator publishes, and that name leads back
 * to the address. Either half alone proves nothing: anybody may write any name for their own addresses.
 *
 * Not here: which addresses are asked about, and how often (keeper.ts). Source: the operators' own pages on how to verify them.
 */
import ipaddr from 'ipaddr.js';

/** What DNS is asked; errors are answers of nothing. */
export type CrawlerDns = {
  readonly namesOf: (address: string) => Promise<readonly string[]>;
  readonly addressesOf: (name: string, family: 4 | 6) => Promise<readonly string[]>;
};

/** Domains in which crawlers of these operators have the names of their addresses. */
export const crawlerDomains: Readonly<Record<string, readonly string[]>> = {
  google: ['googlebot.com', 'google.com'],
  bing: ['search.msn.com'],
  apple: ['applebot.apple.com'],
  yandex: ['yandex.ru', 'yandex.net', 'yandex.com'],
  baidu: ['baidu.com', 'baidu.jp'],
  petal: ['petalsearch.com'],
};

/** The operator whose crawler this name may be. */
export function operatorOf(name: string): string | null {
  const bare = name.toLowerCase().replace(/\.$/, '');
  for (const [operator, domains] of Object.entries(crawlerDomains)) {
    if (domains.some((domain) => bare.endsWith(`.${domain}`))) return operator;
  }
  return null;
}

/** The operator whose crawler an address is confirmed to be; null when it is not, or DNS does not say. */
export async function confirmCrawler(address: string, dns: CrawlerDns): Promise<string | null> {
  const wanted = ipaddr.process(address);
  const names = await dns.namesOf(address).catch(() => []);
  for (const name of names.slice(0, 3)) {
    const operator = operatorOf(name);
    if (operator === null) continue;
    const back = await dns.addressesOf(name, wanted.kind() === 'ipv4' ? 4 : 6).catch(() => []);
    if (back.some((one) => ipaddr.isValid(one) && ipaddr.process(one).toString() === wanted.toString())) return operator;
  }
  return null;
}
