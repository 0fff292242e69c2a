/**
 * Every word that a visitor reads in the captcha's box, per language. Few, short, never accusing: people who read them have done nothing wrong.
 *
 * Keys are BCP 47 tags in lower case. `languageFor` finds the nearest; English is for everybody whose language we do not have.
 * A new string needs all languages at once: the compiler asks for them.
 */
import { latin } from './words/latin.ts';
import { others } from './words/others.ts';

export type WidgetWords = {
  /** Beside the box to press. */
  readonly check: string;
  readonly working: string;
  readonly half: string;
  readonly done: string;
  readonly failed: string;
  readonly expired: string;
  /** Instead of work, or when there is no place yet. */
  readonly waiting: string;
  readonly suspended: string;
  /** The link to the statement of an order. */
  readonly why: string;
  /** The site key is none of ours, or for another page. */
  readonly setup: string;
  readonly network: string;
  readonly again: string;
  /** Of an invisible widget that came to say something. */
  readonly close: string;
};

export type Language = keyof typeof latin | keyof typeof others;

const all: Readonly<Record<Language, WidgetWords>> = { ...latin, ...others };
const rightToLeft: readonly Language[] = ['ar', 'fa', 'he', 'ur'];

export const widgetLanguages: readonly Language[] = [...keysOf(latin), ...keysOf(others)];

function keysOf<Name extends string>(table: Readonly<Record<Name, WidgetWords>>): readonly Name[] {
  const isName = (name: string): name is Name => name in table;
  return Object.keys(table).filter(isName);
}

/** The words of a language, and how it is written. */
export function wordsOf(language: Language): { readonly words: WidgetWords; readonly direction: 'ltr' | 'rtl' } {
  return { words: all[language], direction: rightToLeft.includes(language) ? 'rtl' : 'ltr' };
}

/** Older or wider tags for languages that we have. */
const otherTags: Readonly<Record<string, Language>> = {
  iw: 'he',
  in: 'id',
  no: 'nb',
  nn: 'nb',
  zh: 'zh-cn',
  'zh-sg': 'zh-cn',
  'zh-hans': 'zh-cn',
  'zh-hk': 'zh-tw',
  'zh-mo': 'zh-tw',
  'zh-hant': 'zh-tw',
  pt: 'pt-br',
};

/** The nearest of our languages to a tag, whatever it is. */
export function languageFor(asked: string): Language {
  const parts = asked.slice(0, 35).toLowerCase().replaceAll('_', '-').split('-');
  for (let length = parts.length; length > 0; length -= 1) {
    const tag = parts.slice(0, length).join('-');
    const found = widgetLanguages.find((language) => language === tag);
    if (found !== undefined) return found;
    if (Object.hasOwn(otherTags, tag)) return otherTags[tag] ?? 'en';
  }
  return 'en';
}
