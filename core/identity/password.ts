/**
 * Which passwords are refused. Length does most of the work (contract/routes/identity.ts); this refuses what guessers try first.
 *
 * No rules about capitals and digits: they make passwords weaker (NIST SP 800-63B section 3.1.1.2). A second factor is always there.
 */
const firstGuesses = ['password', 'passwort', 'qwerty', 'qwertz', 'azerty', 'letmein', 'portcullis', 'admin', 'welcome'];

/** Null when the password is fine; else why it is refused, in a sentence. */
export function whyNotPassword(password: string, name: string): string | null {
  const lower = password.normalize('NFKC').toLowerCase();
  if (new Set(lower).size < 6) return 'It repeats a few characters. Nothing was stored; choose a longer or less regular one.';
  if (isRun(lower)) return 'It is a run of neighbouring characters. Nothing was stored; choose a less regular one.';
  const words = [
    name
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[^\p{L}]+/gu, ''),
    ...firstGuesses,
  ].filter((word) => word.length >= 4);
  let rest = lower.replace(/[^\p{L}]+/gu, '');
  for (const word of words) rest = rest.replaceAll(word, '');
  if (rest.length < 4 && lower.replace(/[^\d]/g, '').length < 8) {
    return 'It is little more than a common word or your name. Nothing was stored; add words that only you would think of.';
  }
  return null;
}

/** Each character follows the one before: `abcdefghijkl`, `210987654321`. */
function isRun(text: string): boolean {
  const steps = [...text].map((character) => character.codePointAt(0) ?? 0);
  return [1, -1].some((step) => steps.every((code, index) => index === 0 || code - (steps[index - 1] ?? 0) === step));
}
