/**
 * Telephone numbers in running text: international ones, and national ones of the regions whose languages the desk reads.
 *
 * A number that begins with + or 0 and has seven digits or more is one without further questions. Others are asked of libphonenumber, for the
 * regions that dial without a leading 0. Dates, times and IP addresses are set aside first.
 * Fails closed: libphonenumber costs about 30 µs a question, so after `mostQuestions` every number of seven digits counts as one.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import type { CountryCode } from 'libphonenumber-js';
import { blackOut } from './redaction-names.ts';
import { tokens } from './redaction-tokens.ts';

/** Regions that dial without a leading 0, so that only their plan of numbers tells. */
const regions: readonly CountryCode[] = ['US', 'ES', 'IT', 'PL', 'PT', 'MX'];
const mostQuestions = 1500;

/** Digits with at most two separators between them, as one run. */
const run = /(?<![\p{L}\p{N}_])[+＋]?[([]?\d(?:[ \t\u00A0().\-/]{0,3}\d)*(?![\p{L}_])/gu;
const notNumbers =
  /(?<!\d)(?:\d{1,3}(?:\.\d{1,3}){3}|\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})|[DC]-\d{4}-\d{4,8})(?!\d)(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?/g;
const called =
  /(?:tel|telefon|téléphone|teléfono|phone|mobile|mobil|móvil|portable|handy|call|ruf|anrufen|llama|appelle[rz]?|whatsapp|signal|sms|fax|cell|nummer|number|número|numéro)[\s.:=#]{0,6}(?:(?:is|ist|es|est|at|unter|an|no|nr)[\s.:]{1,3})?$/iu;

/** Telephone numbers. */
export function numbersOut(text: string): string {
  if (!/\d/.test(text)) return text;
  const spans: [number, number][] = [];
  let questions = 0;
  const isNational = (typed: string): boolean =>
    regions.some((region) => {
      questions += 1;
      return parsePhoneNumberFromString(typed, region)?.isValid() === true;
    });
  const examine = (start: number, part: string): void => {
    for (const found of part.matchAll(run)) {
      for (const [from, to] of pieces(found[0])) {
        const typed = found[0].slice(from, to);
        const digits = typed.replaceAll(/\D/g, '');
        if (digits.length < 6) continue;
        const at = start + found.index + from;
        const announced = () => called.test(text.slice(Math.max(0, at - 40), at));
        const isOne =
          digits.length >= 7 && /^[+＋([]*[+＋0]/.test(typed) && digits.length <= 17
            ? true
            : /^\d{3}[-. ]\d{4}$/.test(typed) ||
              announced() ||
              (digits.length >= 7 && questions >= mostQuestions) ||
              (digits.length >= 9 && digits.length <= 13 && isNational(typed));
        if (isOne) spans.push([at, at + typed.length]);
      }
    }
  };
  let done = 0;
  for (const aside of text.matchAll(notNumbers)) {
    examine(done, text.slice(done, aside.index));
    done = aside.index + aside[0].length;
  }
  examine(done, text.slice(done));
  return blackOut(text, spans, tokens.phone);
}

/** A run that is too long for one number, as several: cut before a plus, and where it has blanks. */
function pieces(run: string): [number, number][] {
  if (run.replaceAll(/\D/g, '').length <= 15) return [[0, run.length]];
  const list: [number, number][] = [];
  let open: { start: number; end: number; digits: number } | null = null;
  for (const group of run.matchAll(/[^\s]+/g)) {
    const end = group.index + group[0].length;
    const digits = group[0].replaceAll(/\D/g, '').length;
    const fits: boolean = open !== null && open.digits + digits <= 15 && !/^[+＋(0]/.test(group[0]);
    if (open !== null && fits) {
      open.end = end;
      open.digits += digits;
      continue;
    }
    if (open !== null) list.push([open.start, open.end]);
    open = { start: group.index, end, digits };
  }
  if (open !== null) list.push([open.start, open.end]);
  return list;
}
