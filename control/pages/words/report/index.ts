/** The report form's words in the language of the page around them. */
import { reportEnglish } from './en.ts';
import type { ReportWords } from './en.ts';

export type { ReportWords } from './en.ts';

const catalogues: Readonly<Record<string, ReportWords>> = { en: reportEnglish };

/** `language`: of the page's own catalogue, so that a page never speaks two. */
export function reportWordsFor(language: string): ReportWords {
  return (Object.hasOwn(catalogues, language) ? catalogues[language] : undefined) ?? reportEnglish;
}
