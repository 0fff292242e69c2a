/** The languages of visitors' pages, and which file is which. English is for everybody whose languages we do not have. */
import { arabic } from './words/arabic.ts';
import { french } from './words/french.ts';
import { german } from './words/german.ts';
import { spanish } from './words/spanish.ts';
import type { PageWords } from './words.ts';
import { english } from './words.ts';

export { english };
export const languages: readonly PageWords[] = [english, german, spanish, french, arabic];
