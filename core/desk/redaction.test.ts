import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonWords } from './common-words.ts';
import { redact, redactUrl } from './redaction.ts';
import { namesOfTarget } from './target-record.ts';
import { foldLetters } from './text.ts';

const names = ['Tara Example', 'Mia', '@nightowl', '王伟'];

/** As a case has them: from the sealed record of a target. */
const namesOf = (name: string) => namesOfTarget({ name, contact: '', redact: [], safetyNotes: '' });
const disguises = fc.constantFrom<(name: string) => string>(
  (name) => name,
  (name) => name.toUpperCase(),
  (name) => name.toLowerCase(),
  (name) => name.split(' ').reverse().join(', '),
  (name) => [...name].join('.'),
  (name) => name.replace(' ', ' m. ').toLowerCase().replace(' m. ', ''),
);

describe('redaction', () => {
  it.each([
    ['write to jane.doe@mail.example', 'write to [mail]'],
    ['jane (at) mail (dot) example', '[mail]'],
    ['ｊａｎｅ＠mail.example today', '[mail] today'],
    ['call +49 30 1234567 now', 'call [phone] now'],
    ['Ruf 030/1234567 an', 'Ruf [phone] an'],
    ['(212) 555-0123 or 555-0123', '[phone] or [phone]'],
    ['móvil 612 345 678', 'móvil [phone]'],
    ['tel: 123456', 'tel: [phone]'],
    ['12 Sample Street, Springfield, IL 62704', '[address]'],
    ['221B Baker Street, Flat 4, SW1A 1AA', '[address], [address]'],
    ['Musterstraße 12a, 10115 Berlin', '[address], [address]'],
    ['Calle Mayor, 12, 28013 Madrid', '[address], [address]'],
    ['12 bis, rue de la Paix, 75002 Paris', '[address], [address]'],
    ['she is at 52.52001, 13.40495', 'she is at [address]'],
    ['DE89 3704 0044 0532 0130 00', '[id]'],
    ['card 4111 1111 1111 1111', 'card [id]'],
    ['passport no C01X00T47', '[id]'],
    ['DNI 12345678Z', '[id]'],
    ['Tara Example was here', '[name] was here'],
    ['Example, Tara', '[name]'],
    ['T.a.r.a E-x-a-m-p-l-e', '[name]'],
    ['T\u200bara Exam\u00adple', '[name]'],
    ['Tаrа Exаmple', '[name]'],
    ['TARA_EXAMPLE and täräexämple90', '[name] and [name]90'],
    ['see forum.example, says Tara', 'see forum.example, says [name]'],
    ['Tara said so', '[name] said so'],
    ['Mia went to Miami, m1a!', '[name] went to Miami, [name]!'],
    ['@n1ghtowl', '@[name]'],
    ['据说王伟住在', '据说[name]住在'],
  ])('blacks out in “%s”', (text, expected) => expect(redact(text, names)).toBe(expected));

  it.each([
    'In 2022 there were 1.000.000 requests and 2,000 reports about 12 old posts',
    'seen on 2022-09-03 14:22, 03.09.2022 and at 18:30 on 12 May 2026',
    'from 192.0.2.44 and 2001:db8::1',
    'decision D-2022-0001 in case C-2026-0003',
    'https://forum.example/threads/6123456789/page-12',
    'https://forum.example/ is where @somebody wrote it',
    'sha256 ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12',
    '[threat naming a place and time]',
  ])('leaves “%s”', (text) => expect(redact(text, names)).toBe(text));

  it.each([
    ['https://user:secret@forum.example/t/6123456789', 'https://forum.example/t/6123456789'],
    ['https://forum.example/u/Tara%20Example?x=1', 'https://forum.example/u/[name]?x=1'],
    [
      'https://forum.example/?mail=jane%40x.example&q=030+1234567#tara-example',
      'https://forum.example/?mail=[mail]&q=[phone]#[name]',
    ],
    ['https://taraexample.example/', 'https://[name].example/'],
    ['https://forum.example/%zz?x=%', 'https://forum.example/%zz?x=%'],
  ])('shows the address “%s” as “%s”', (url, expected) => expect(redactUrl(url, names)).toBe(expected));

  it.each([
    ['a rose stood in the court of law', 'a rose stood in the court of law'],
    ['it rose, the prose of courtesy', 'it rose, the prose of courtesy'],
    ['Rose Court lives there', '[name] lives there'],
    ['court, rose', '[name]'],
    ['ROSE-COURT and r0se.c0urt', '[name] and [name]'],
    ['roseCourt99', '[name]99'],
    ['Rose was seen', '[name] was seen'],
    ['so rose m. court said', 'so [name] m. [name] said'],
    ['dear Mrs. Court', 'dear Mrs. [name]'],
    ['see /u/rose and forum.example/u/rose-court', 'see /u/rose and forum.example/u/[name]'],
  ])('knows of “%s” what is a name of Rose Court', (text, expected) =>
    expect(redact(text, namesOf('Rose Court'))).toBe(expected),
  );

  it('takes a word of everyday language that was listed by itself wherever it stands', () =>
    expect(redact('so rose said', ['Rose Court', 'rose'])).toBe('so [name] said'));

  it('leaves everyday words alone and never the name that is made of them, whatever stands around', () => {
    const word = fc.constantFrom(...commonWords.filter((one) => foldLetters(one).text.length >= 3));
    const around = fc.array(fc.constantFrom('of', 'then', 'and', 'was', 'with', 'nothing', 'there'), {
      minLength: 4,
      maxLength: 8,
    });
    fc.assert(
      fc.property(word, word, around, around, disguises, (first, last, before, after, how) => {
        fc.pre(foldLetters(first).text !== foldLetters(last).text);
        const name = `${first[0]?.toUpperCase()}${first.slice(1)} ${last[0]?.toUpperCase()}${last.slice(1)}`;
        const given = namesOf(name);
        const left = redact(`${before.join(' ')} ${how(name)} ${after.join(' ')}`, given);
        expect(foldLetters(left.replaceAll('[name]', ' ')).text).not.toContain(foldLetters(name).text);
        // Lower case and far from the rest of the name: a word.
        const plain = `${before.join(' ')} ${first} ${after.join(' ')} ${last}`;
        // Unless its letters happen to spell the name across words, as “with of abbot” does Hof Abbot: that is taken, and may be.
        const letters = foldLetters(plain).text;
        fc.pre(![first + last, last + first].some((spelt) => letters.includes(foldLetters(spelt).text)));
        expect(redact(plain, given)).toBe(plain);
      }),
      { numRuns: 300 },
    );
  });

  it('takes no more steps for signs that stand for whole phrases: none gives more than sixteen letters', () => {
    let most = 0;
    for (let code = 0; code <= 0x10ffff; code += 1) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const sign = String.fromCodePoint(code);
      if (sign.normalize('NFKD').length > 3) most = Math.max(most, foldLetters(sign).text.length);
    }
    expect(most).toBeGreaterThan(3);
    expect(most).toBeLessThanOrEqual(16);
    expect(foldLetters('\ufdfa'.repeat(20_000)).text.length).toBe(0);
    expect(redact(`${'\ufdfa'.repeat(20)}Tara Example`, names)).toBe(`${'\ufdfa'.repeat(20)}[name]`);
    // A name that is one sign is found: U+FDF4 is Muhammad.
    expect(redact('so \ufdf4 said', ['\u0645\u062d\u0645\u062f'])).toBe('so [name] said');
  });

  const letters = fc.string({ unit: fc.constantFrom(...'abcdefghijkmnopqrstuvwxyzäéüñçßøжи'), minLength: 2, maxLength: 12 });
  const person = fc.tuple(letters, letters).map((parts) => parts.join(' '));
  const disguise = (name: string) =>
    fc.constantFrom(
      name,
      name.toUpperCase(),
      [...name].join('.'),
      [...name].join('\u200b'),
      name.replaceAll('o', '0').replaceAll('e', '3'),
      name.replaceAll('a', 'а').replaceAll('o', 'о'),
      name.normalize('NFD'),
      name.replaceAll(' ', ''),
      name.split(' ').reverse().join(', '),
    );

  it('never leaves a given name, in any of its disguises', () => {
    fc.assert(
      fc.property(
        person.chain((name) => fc.tuple(fc.constant(name), disguise(name))),
        fc.string(),
        fc.string(),
        ([name, hidden], before, after) => {
          const left = redact(`${before} ${hidden} ${after}`, [name])
            .split(/\[(?:mail|phone|address|id|name)\]/)
            .map((part) => foldLetters(part).text);
          const folded = foldLetters(name).text;
          if (folded.length >= 5) expect(left.filter((part) => part.includes(folded))).toEqual([]);
          else expect(redact(hidden, [name])).toContain('[');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('changes nothing the second time, and never throws', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom(
          '@',
          'x.example',
          ' 12 ',
          'Street ',
          '10115 Berlin',
          '+49 30 ',
          '1234567',
          'Tara',
          ' Example',
          '[mail]',
          '[',
          'https://',
          '/',
          '?q=',
          '%',
          '\u202e',
          '\ud800',
        ),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(pieces, fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { maxLength: 4 }), (parts, given) => {
        const once = redact(parts.join(''), given);
        expect(redact(once, given)).toBe(once);
        const url = redactUrl(parts.join(''), given);
        expect(redactUrl(url, given)).toBe(url);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['digits', '1'],
    ['single digits', '1 '],
    ['numbers that are nearly telephone numbers', '612345678,'],
    ['at signs', 'a@'],
    ['dots', 'a.'],
    ['streets without a number', 'Calle a '],
    ['numbers without a street', '12 a b c d '],
    ['addresses within addresses', 'https://a.example/?u='],
    ['zero-width characters', '\u200b'],
    ['brackets', '['],
    ['signs that stand for phrases', '\ufdfa'],
    ['signs that stand for words', '\ufdf4'],
  ])('takes time in proportion to the length of hostile texts: %s', (_what, unit) => {
    const of = (length: number) => {
      const begun = performance.now();
      redact(unit.repeat(length / unit.length), ['Tara Example', 'Mia']);
      return performance.now() - begun;
    };
    of(10_000);
    // Ten times the text may cost ten times the time and some more, far from a hundred times. The floor keeps a busy machine out of it.
    expect(of(100_000)).toBeLessThan(Math.max(40 * of(10_000), 3000));
  });
});
