/** The report form's words in the language of the page around them. */
import { reportArabic } from './ar.ts';
import { reportGerman } from './de.ts';
import { reportEnglish } from './en.ts';
import type { ReportWords } from './en.ts';
import { reportSpanish } from './es.ts';
import { reportFrench } from './fr.ts';

export type { ReportWords } from './en.ts';

const catalogues: Readonly<Record<string, ReportWords>> = {
  ar: reportArabic,
  de: reportGerman,
  en: reportEnglish,
  es: reportSpanish,
  fr: reportFrench,
};

/** `language`: of the page's own catalogue, so that a page never speaks two. */
export function reportWordsFor(language: string): ReportWords {
  return (Object.hasOwn(catalogues, language) ? catalogues[language] : undefined) ?? reportEnglish;
}
