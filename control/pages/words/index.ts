/** Which language a visitor reads: the first of theirs that has a catalogue, else English. */
import { arabic } from './ar.ts';
import { german } from './de.ts';
import { english } from './en.ts';
import type { Words } from './en.ts';
import { spanish } from './es.ts';
import { french } from './fr.ts';

export type { Words } from './en.ts';

/** The languages that visitors may have, by the first part of their tag. */
export const catalogues: Readonly<Record<string, Words>> = {
  ar: arabic,
  de: german,
  en: english,
  es: spanish,
  fr: french,
};

/** The catalogue for an `Accept-Language` header. */
export function wordsFor(acceptLanguage: string | null): Words {
  const wanted = (acceptLanguage ?? '')
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...settings] = part.trim().split(';');
      const weight = settings.map((setting) => /^\s*q=([\d.]+)$/.exec(setting)?.[1]).find((found) => found !== undefined);
      return { language: tag.toLowerCase().split('-')[0] ?? '', weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight);
  for (const { language } of wanted) {
    const found = Object.hasOwn(catalogues, language) ? catalogues[language] : undefined;
    if (found !== undefined) return found;
  }
  return english;
}
