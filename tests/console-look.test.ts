/** The look keeps its promise: every text colour can be read on every ground, in both themes (WCAG 2.2, 1.4.3: 4.5 to 1). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../web/ui/tokens.css', import.meta.url), 'utf8');

const colours = new Map(
  [...css.matchAll(/--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name = '', light = '', dark = '']) => [
    name,
    { light, dark },
  ]),
);

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const grounds = ['paper', 'surface', 'sunk', 'hover'];
const pairs = [
  ...['ink', 'ink-soft', 'ink-faint', 'accent', 'accent-strong', 'alarm', 'caution'].flatMap((text) =>
    grounds.map((ground) => [text, ground]),
  ),
  ['on-accent', 'accent'],
  ['on-accent', 'accent-strong'],
  ['on-alarm', 'alarm'],
  ['caution', 'caution-wash'],
  ['alarm', 'alarm-wash'],
  ['alarm-strong', 'alarm-wash'],
  ['ink', 'alarm-wash'],
  ['ink', 'accent-wash'],
  ['accent', 'alarm-wash'],
  ['accent', 'caution-wash'],
];

describe('the look', () => {
  it('has colours', () => expect(colours.size).toBeGreaterThan(20));

  it.each(['light', 'dark'] as const)('can be read in its %s theme', (theme) => {
    const weak = pairs.flatMap(([text = '', ground = '']) => {
      const ratio = contrast(colours.get(text)?.[theme] ?? '#000000', colours.get(ground)?.[theme] ?? '#000000');
      return ratio >= 4.5 ? [] : [`${text} on ${ground}: ${ratio.toFixed(2)}`];
    });
    expect(weak).toEqual([]);
  });
});
