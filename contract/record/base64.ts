/**
 * Base64 (RFC 4648, 4) of bytes, strict: one spelling for the same bytes, so that a proof or a signature cannot be altered and still read the same.
 *
 * Here because pure rooms have neither Buffer nor atob. Small inputs only (hashes, signatures): it is not made for speed.
 */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const group = (a << 16) | (b << 8) | c;
    const given = Math.min(3, bytes.length - at);
    for (let place = 0; place < 4; place += 1) text += place <= given ? alphabet.charAt((group >> (18 - 6 * place)) & 63) : '=';
  }
  return text;
}

/** The bytes, or null when the text is not what `toBase64` would have written for them. */
export function fromBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0) return null;
  const pad = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - pad);
  let out = 0;
  for (let at = 0; at < text.length; at += 4) {
    let group = 0;
    for (let place = 0; place < 4; place += 1) {
      const padding = at + place >= text.length - pad;
      const value = padding ? 0 : alphabet.indexOf(text.charAt(at + place));
      if (value < 0) return null;
      group = (group << 6) | value;
    }
    for (let shift = 16; shift >= 0 && out < bytes.length; shift -= 8) bytes[out++] = (group >> shift) & 255;
  }
  return toBase64(bytes) === text ? bytes : null;
}
