/** The language of the console, and its shared words. English for now; another language is another set of catalogues. */
export { shared as say } from './en/shared.ts';

export const language = 'en-GB';
