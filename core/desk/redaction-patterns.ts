/**
 * Mail addresses, postal addresses and numbers of documents in running text, in English, German, Spanish and French.
 *
 * Every pattern is bounded and starts only where a run of its characters starts, so that long hostile texts cost time in proportion.
 * Hazard: postal addresses of other languages stay unless they are given as a name of the case.
 */
import { blackOut } from './redaction-names.ts';
import { tokens } from './redaction-tokens.ts';

const atSigns = /[@＠﹫]|\s?[([{<]\s?(?:at|ät|arroba|chez|@)\s?[)\]}>]\s?/giu;
const localPart = /[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}$/u;
const domainPart =
  /^[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})(?:(?:\.|\s?[([{<]\s?(?:dot|punkt|punto|point)\s?[)\]}>]\s?)[\p{L}\p{N}-]{1,63}){1,10}/iu;

/** Mail addresses, also with "(at)" and "(dot)". A mention such as @somebody stays. */
export function mailsOut(text: string): string {
  const spans: [number, number][] = [];
  for (const at of text.matchAll(atSigns)) {
    const before = localPart.exec(text.slice(Math.max(0, at.index - 64), at.index));
    const from = at.index + at[0].length;
    const after = domainPart.exec(text.slice(from, from + 254));
    if (before === null || after === null) continue;
    spans.push([at.index - before[0].length, from + after[0].length]);
  }
  return blackOut(text, spans, tokens.mail);
}

const word = String.raw`[\p{L}][\p{L}'’.-]{0,30}`;
const number = String.raw`\d{1,5}\s?[a-zA-Z]?(?![\p{L}\p{N}])(?:\s?[-/]\s?\d{1,5}[a-z]?)?`;
const notInWord = String.raw`(?<![\p{L}\p{N}])`;

const places: readonly RegExp[] = [
  // Musterstraße 12 a, Am Alten Markt 5.
  new RegExp(
    String.raw`${notInWord}(?:${word}[ ]){0,2}[\p{L}-]{1,40}(?:straße|strasse|str\.|weg|platz|allee|gasse|damm|ufer|chaussee|steig|stieg)[ ,]{1,2}(?:nr\.?\s?)?${number}`,
    'giu',
  ),
  new RegExp(
    String.raw`${notInWord}(?:${word}[ ])?(?:Straße|Strasse|Str\.|Platz|Allee|Weg)[ ](?:de[rsmn][ ])?(?:\d{1,2}\.[ ])?(?:${word}[ ]){0,3}(?:nr\.?\s?)?${number}`,
    'giu',
  ),
  new RegExp(
    String.raw`${notInWord}(?:Am|An|Auf|Im|In|Zum|Zur|Unter|Hinter)[ ](?:de[nrm][ ])?(?:\p{Lu}[\p{L}-]{1,30}[ ]){1,2}\d{1,4}[ ]?[a-z]?(?![\p{L}\p{N}])`,
    'gu',
  ),
  // 221B Baker Street, Apt 4.
  new RegExp(
    String.raw`${notInWord}\d{1,6}[a-zA-Z]?,?[ ](?:(?:${word}|\d{1,3}(?:st|nd|rd|th))[ ]){0,4}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|court|ct|boulevard|blvd|place|pl|terrace|close|crescent|square|highway|hwy|parkway|pkwy|way|mews|gardens|circle|trail)(?![\p{L}])\.?(?:,?[ ](?:apt|apartment|unit|flat|suite|no|#)\.?[ ]?[\p{L}\p{N}-]{1,6})?`,
    'giu',
  ),
  // Calle Mayor, 12; C/ Mayor 12.
  new RegExp(
    String.raw`${notInWord}(?:calle|c/|avenida|avda\.?|av\.|plaza|pza\.?|paseo|pº|camino|carretera|ctra\.?|ronda|travesía|callejón|glorieta)[ ]?(?:${word}[ ,]{1,2}){1,6}(?:nº|n\.º|núm\.?|número|no\.)?[ ]?${number}`,
    'giu',
  ),
  // 12 bis, rue de la Paix.
  new RegExp(
    String.raw`${notInWord}\d{1,5}[ ]?(?:bis|ter|quater)?,?[ ](?:rue|avenue|av\.|boulevard|bd|place|chemin|allée|impasse|quai|cours|route|square|passage|sentier|faubourg)[ ](?:(?:de|du|des|la|le|les|d['’]|l['’]|saint|sainte)[ ]?){0,3}\p{L}[\p{L}'’-]{1,30}(?:[ ]\p{Lu}[\p{L}'’-]{1,30}){0,3}`,
    'giu',
  ),
  // Post boxes.
  new RegExp(
    String.raw`${notInWord}(?:p\.?\s?o\.?\s?box|postfach|apartado(?: de correos)?|boîte postale|b\.?p\.?)[ :]{1,2}\d[\d ]{0,10}\d?(?!\d)`,
    'giu',
  ),
  // Postcode and town: 10115 Berlin, D-10115 Berlin, SW1A 1AA, Springfield, IL 62704, 1012 AB Amsterdam.
  /(?<![\p{L}\p{N}.#/-])(?:[A-Z]{1,2}-)?\d{5}[ ]{1,2}\p{Lu}\p{Ll}[\p{L}-]{1,30}(?:[ ](?:am|an|im|bei|de|la|sur|del)[ ](?:(?:la|der|dem)[ ])?\p{Lu}[\p{L}-]{1,30})?/gu,
  /(?<![\p{L}\p{N}])(?:A|CH|B|L|DK)-\d{4}[ ]\p{Lu}[\p{L}-]{1,30}/gu,
  /(?<![\p{L}\p{N}])[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}(?![\p{L}\p{N}])/gu,
  /(?<![\p{L}\p{N}])(?:\p{Lu}[\p{L}-]{1,30},?[ ]){0,3}[A-Z]{2},?[ ]\d{5}(?:-\d{4})?(?!\d)/gu,
  /(?<![\p{L}\p{N}])[1-9]\d{3}[ ]?[A-Z]{2}(?![\p{L}\p{N}])(?:[ ]\p{Lu}[\p{L}-]{1,30})?/gu,
  // Coordinates: a live location.
  /(?<![\d.])-?\d{1,2}\.\d{3,10}°?[ ]?[NS]?[, ]{1,3}-?\d{1,3}\.\d{3,10}°?[ ]?[EWO]?(?!\d)/gu,
];

/** Postal addresses, post boxes, postcodes with a town, coordinates. */
export function placesOut(text: string): string {
  if (!/\d/.test(text)) return text;
  return blackOut(
    text,
    places.flatMap((pattern) => spansOf(text, pattern)),
    tokens.address,
  );
}

const iban = /(?<![\p{L}\p{N}])[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?(?![\p{L}\p{N}])/giu;
const card = /(?<![\d.])\d(?:[ -]?\d){12,18}(?!\d)/g;
const documents = new RegExp(
  String.raw`${notInWord}(?:passport|driver'?s licen[cs]e|id[ -]card|national id|social security|ssn|nhs|reisepass|personalausweis|ausweis|führerschein|steuer-?id|sozialversicherung|pasaporte|dni|nie|nif|nuss|passeport|carte d['’]identité|permis de conduire)[\p{L}]{0,12}(?:[ ](?:no|nr|num|number|nummer|número|numéro|n°|nº))?[ .:#°º-]{0,4}(?=[A-Z0-9-]{0,14}\d)[A-Z0-9-]{5,15}(?![\p{L}\p{N}])`,
  'giu',
);
const otherIds: readonly RegExp[] = [
  documents,
  /(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])/g,
  /(?<![\p{L}\p{N}])(?:\d{8}|[XYZ]-?\d{7})-?[A-Z](?![\p{L}\p{N}])/gu,
  /(?<!\d)[12][ ]?\d{2}[ ]?(?:0[1-9]|1[0-2])[ ]?\d[\dAB][ ]?\d{3}[ ]?\d{3}[ ]?\d{2}(?!\d)/g,
];

/** Account and card numbers that hold their own check digits, and numbers of identity documents. */
export function idsOut(text: string): string {
  if (!/\d/.test(text)) return text;
  const spans = [
    ...[...text.matchAll(iban)].filter(([found]) => isIban(found)).map(spanOf),
    ...[...text.matchAll(card)].filter(([found]) => isCard(found)).map(spanOf),
    ...otherIds.flatMap((pattern) => spansOf(text, pattern)),
  ];
  return blackOut(text, spans, tokens.id);
}

function spanOf(found: RegExpExecArray): [number, number] {
  return [found.index, found.index + found[0].length];
}

function spansOf(text: string, pattern: RegExp): [number, number][] {
  return [...text.matchAll(pattern)].map(spanOf);
}

/** ISO 13616: the check is a remainder of 1 by 97. */
function isIban(typed: string): boolean {
  const plain = typed.replaceAll(' ', '').toUpperCase();
  if (plain.length < 15 || plain.length > 34) return false;
  let rest = 0;
  for (const char of plain.slice(4) + plain.slice(0, 4)) {
    const value = char >= 'A' ? char.charCodeAt(0) - 55 : Number(char);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** Luhn's check. */
function isCard(typed: string): boolean {
  let sum = 0;
  const digits = [...typed.replaceAll(/[ -]/g, '')].reverse();
  for (const [index, char] of digits.entries()) {
    const twice = Number(char) * (index % 2 === 1 ? 2 : 1);
    sum += twice > 9 ? twice - 9 : twice;
  }
  return sum % 10 === 0;
}
