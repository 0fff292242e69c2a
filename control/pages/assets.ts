/**
 * The files that public pages need: one style sheet, the type, the mark. Read once at start, served from memory under names that hold
 * their hash, so that browsers keep them for good.
 *
 * Sources: web/ui (colours and mark, shared with the console), control/pages/look, and the fonts' npm package (SIL Open Font Licence).
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';

export type Asset = { readonly path: string; readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> };
export type Assets = {
  readonly stylePath: string;
  readonly fontPaths: readonly string[];
  readonly byPath: ReadonlyMap<string, Asset>;
  readonly mark: Asset;
};

const faces = [
  { subset: 'latin', weight: 400, style: 'normal' },
  { subset: 'latin', weight: 700, style: 'normal' },
  { subset: 'latin', weight: 400, style: 'italic' },
  { subset: 'latin-ext', weight: 400, style: 'normal' },
  { subset: 'latin-ext', weight: 700, style: 'normal' },
] as const;

/** In this order: what comes later may say more of the same thing. */
const sheets = ['pages', 'decisions', 'forms'] as const;

const webUi = join(import.meta.dirname, '..', '..', 'web', 'ui');

/** Reads the files. Throws when one is missing: the program is not whole then. */
export function loadAssets(): Assets {
  const fontFolder = join(createRequire(import.meta.url).resolve('@fontsource/atkinson-hyperlegible/package.json'), '..');
  const ranges = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(join(fontFolder, 'unicode.json'), 'utf8')));
  const fonts = faces.map((face) => {
    const name = `atkinson-hyperlegible-${face.subset}-${face.weight}-${face.style}`;
    return { face, asset: named(name, 'woff2', 'font/woff2', readFileSync(join(fontFolder, 'files', `${name}.woff2`))) };
  });
  const fontFaces = fonts.map(
    ({ face, asset }) =>
      `@font-face{font-family:'Atkinson Hyperlegible';font-weight:${face.weight};font-style:${face.style};font-display:swap;` +
      `src:url('${asset.path}') format('woff2');unicode-range:${ranges[face.subset] ?? 'U+0-10FFFF'}}\n`,
  );
  const css = [
    ...fontFaces,
    readFileSync(join(webUi, 'tokens.css'), 'utf8'),
    ...sheets.map((sheet) => readFileSync(join(import.meta.dirname, 'look', `${sheet}.css`), 'utf8')),
  ].join('');
  const style = named('pages', 'css', 'text/css; charset=utf-8', Buffer.from(css.replaceAll(/\/\*[\s\S]*?\*\//g, '')));
  const mark = { path: '/favicon.svg', type: 'image/svg+xml', bytes: new Uint8Array(readFileSync(join(webUi, 'mark.svg'))) };
  const all = [style, ...fonts.map(({ asset }) => asset)];
  return {
    stylePath: style.path,
    fontPaths: fonts.slice(0, 2).map(({ asset }) => asset.path),
    byPath: new Map(all.map((asset) => [asset.path, asset])),
    mark,
  };
}

function named(name: string, ending: string, type: string, bytes: Buffer): Asset {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return { path: `/pages/${name}.${hash}.${ending}`, type, bytes: new Uint8Array(bytes) };
}
