/**
 * Hostnames: parse once at the door, then trust the type.
 *
 * The stored form is what HAProxy compares: lower-case A-labels (punycode), no trailing dot, no port. Input may be Unicode (IDN,
 * mapped by UTS 46 as WHATWG URL does), mixed case, or with one trailing dot. Refused: ports, paths, `..`, empty labels, IP
 * addresses, single labels other than `localhost`, labels over 63 and names over 253 octets, and labels that mix scripts which
 * look alike (a Cyrillic а among Latin letters). Hazard: a whole label in one look-alike script passes, as it does in browsers;
 * people compare the A-label form, which every screen shows beside the Unicode form.
 * After: RFC 1123 section 2.1, RFC 5891, UTS 39 "single script" in a much reduced form.
 */
import { z } from 'zod';

const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
const ipv4 = /^\d{1,3}(\.\d{1,3}){3}$/;

export type HostnameResult = { readonly ok: true; readonly hostname: Hostname } | { readonly ok: false; readonly why: string };

const exactText = z.string().refine((text) => whyNotCanonical(text) === null, {
  error: (issue) => whyNotCanonical(String(issue.input)) ?? 'must be a hostname',
});

/** An exact hostname in stored form, such as `forum.example` or `xn--bcher-kva.example`. */
export const ExactHostname = exactText.brand<'ExactHostname'>();
export type ExactHostname = z.infer<typeof ExactHostname>;

/**
 * A hostname in stored form: exact, or a wildcard `*.parent` that matches any name below the parent (one label or more) but not
 * the parent itself. An exact name always wins over a wildcard, a longer wildcard over a shorter one.
 */
export const Hostname = z
  .string()
  .refine((text) => whyNotCanonical(text.startsWith('*.') ? text.slice(2) : text) === null, {
    error: (issue) => whyNotCanonical(String(issue.input).replace(/^\*\./, '')) ?? 'must be a hostname',
  })
  .brand<'Hostname'>();
export type Hostname = z.infer<typeof Hostname>;

/** Drills play under this name, which nobody can own (RFC 2606, 3). */
export const drillZone = 'drill.example';

/** Whether these names, and so an order on them, belong to a drill: there are some, and all of them are in the drills' zone. */
export function isDrill(hostnames: readonly string[]): boolean {
  return hostnames.length > 0 && hostnames.every((name) => name === drillZone || name.endsWith(`.${drillZone}`));
}

/** Turns what a person typed into the stored form, or says in a sentence why it cannot be one. */
export function parseHostname(typed: string): HostnameResult {
  const trimmed = typed.trim();
  const wild = trimmed.startsWith('*.');
  const bare = (wild ? trimmed.slice(2) : trimmed).replace(/[.。．｡]$/u, '');
  if (bare === '') return { ok: false, why: 'A hostname is missing.' };
  if (/[\s/?#@\\%:[\]]/u.test(bare)) {
    return { ok: false, why: `“${typed}” is not a hostname: give the name alone, without scheme, port or path.` };
  }
  if (mixesScripts(bare)) {
    return { ok: false, why: `“${typed}” mixes letters of scripts that look alike. Type it in one script, or in its xn-- form.` };
  }
  let ascii: string;
  try {
    ascii = new URL(`http://${bare}/`).hostname;
  } catch {
    return { ok: false, why: `“${typed}” is not a valid hostname.` };
  }
  const why = whyNotCanonical(ascii);
  if (why !== null) return { ok: false, why };
  const parsed = Hostname.safeParse(wild ? `*.${ascii}` : ascii);
  return parsed.success ? { ok: true, hostname: parsed.data } : { ok: false, why: `“${typed}” is not a valid hostname.` };
}

/** Whether a hostname in stored form covers an exact one: equal, or below its wildcard. */
export function hostnameCovers(hostname: Hostname, exact: string): boolean {
  return hostname.startsWith('*.') ? exact.endsWith(hostname.slice(1)) && exact.length > hostname.length - 1 : hostname === exact;
}

function whyNotCanonical(text: string): string | null {
  if (text.length === 0) return 'A hostname is missing.';
  if (text.length > 253) return 'A hostname has at most 253 characters.';
  if (ipv4.test(text)) return `“${text}” is an address: a site is named by a hostname.`;
  const labels = text.split('.');
  if (labels.length < 2 && text !== 'localhost') return `“${text}” has no dot: give a full hostname such as forum.example.`;
  if (labels.length > 20) return 'A hostname has at most 20 labels.';
  for (const part of labels) {
    if (!label.test(part)) return `“${text}” is not a valid hostname: the part “${part}” is not allowed.`;
  }
  if (/^[0-9]+$/.test(labels.at(-1) ?? '')) return `“${text}” ends in a number: a hostname does not.`;
  try {
    if (new URL(`http://${text}/`).hostname !== text) return `“${text}” is not in its stored form.`;
  } catch {
    return `“${text}” is not a valid hostname.`;
  }
  return null;
}

/** A label that holds Latin beside Cyrillic or Greek letters is how look-alikes are built. */
function mixesScripts(name: string): boolean {
  return name.split('.').some((part) => /\p{Script=Latin}/u.test(part) && /[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(part));
}
