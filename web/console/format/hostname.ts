/**
 * Hostnames for people: the stored form is ASCII (`xn--bcher-kva.example`); beside it stands what it reads as (`bücher.example`).
 *
 * Only for showing: the stored form is what is compared, and every screen shows it. Pure.
 * After: RFC 3492 section 6.2 (Punycode decoding), with its parameters.
 */
const base = 36;
const tMin = 1;
const tMax = 26;
const skew = 38;
const damp = 700;

/** The Unicode form, or null when it is the same or cannot be decoded. */
export function unicodeForm(hostname: string): string | null {
  const labels = hostname.split('.').map((label) => (label.startsWith('xn--') ? decodeLabel(label.slice(4)) : label));
  if (labels.includes(null)) return null;
  const text = labels.join('.');
  return text === hostname ? null : text;
}

function decodeLabel(encoded: string): string | null {
  const border = encoded.lastIndexOf('-');
  const output: number[] = border > 0 ? [...encoded.slice(0, border)].map((char) => char.charCodeAt(0)) : [];
  let n = 128;
  let i = 0;
  let bias = 72;
  let at = border > 0 ? border + 1 : 0;
  while (at < encoded.length) {
    const before = i;
    let weight = 1;
    for (let k = base; ; k += base) {
      const digit = digitOf(encoded.charCodeAt(at));
      at += 1;
      if (digit === null) return null;
      i += digit * weight;
      const t = k <= bias ? tMin : k >= bias + tMax ? tMax : k - bias;
      if (digit < t) break;
      weight *= base - t;
      if (weight > 0x7fffffff || i > 0x7fffffff) return null;
    }
    const length = output.length + 1;
    bias = adapt(i - before, length, before === 0);
    n += Math.floor(i / length);
    i %= length;
    if (n > 0x10ffff) return null;
    output.splice(i, 0, n);
    i += 1;
  }
  return String.fromCodePoint(...output);
}

function adapt(delta: number, length: number, first: boolean): number {
  let rest = Math.floor(delta / (first ? damp : 2));
  rest += Math.floor(rest / length);
  let k = 0;
  while (rest > ((base - tMin) * tMax) / 2) {
    rest = Math.floor(rest / (base - tMin));
    k += base;
  }
  return k + Math.floor(((base - tMin + 1) * rest) / (rest + skew));
}

function digitOf(code: number): number | null {
  if (code >= 0x30 && code <= 0x39) return code - 22;
  if (code >= 0x61 && code <= 0x7a) return code - 0x61;
  return null;
}
