/**
 * Our own source files as text and syntax tree, for the tests that hold the house's rules.
 *
 * Parsed by the parser that Vite brings (oxc): the TypeScript 7 compiler has no JavaScript interface. Every file is read once.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseSync, Visitor } from 'vite';
import type { VisitorObject } from 'vite';
import { checkout } from './program.ts';

/** The rooms whose sources are ours. `.` is the top: portcullis.ts and configuration. */
export const rooms = [
  'contract',
  'core',
  'kit',
  'store',
  'control',
  'edge',
  'captcha',
  'cli',
  'web',
  'bench',
  'tests',
  'tools',
] as const;
export type Room = (typeof rooms)[number];

export type Source = {
  /** From the checkout's root, such as `cli/when.ts`. */
  readonly file: string;
  readonly room: Room | '.';
  readonly text: string;
  /** What it imports, types too, with the line. */
  readonly imports: readonly { readonly from: string; readonly line: number }[];
  readonly visit: (visitor: VisitorObject) => void;
  readonly line: (offset: number) => number;
  readonly test: boolean;
};

/** Every TypeScript file of ours, in order of its name. */
export function readSources(): Source[] {
  const files = [...readdirSync(checkout).filter((name) => name.endsWith('.ts')), ...rooms.flatMap((room) => filesBelow(room))];
  return files.sort().map(readSource);
}

function readSource(file: string): Source {
  const text = readFileSync(path.join(checkout, file), 'utf8');
  const parsed = parseSync(file, text, { lang: file.endsWith('.tsx') ? 'tsx' : 'ts', sourceType: 'module' });
  if (parsed.errors.length > 0) throw new Error(`${file} does not parse: ${parsed.errors[0]?.message ?? ''}`);
  const line = (offset: number): number => text.slice(0, offset).split('\n').length;
  const imports: { from: string; line: number }[] = [];
  const keep = (source: unknown, start: number): void => {
    if (typeof source === 'object' && source !== null && 'value' in source && typeof source.value === 'string') {
      imports.push({ from: source.value, line: line(start) });
    }
  };
  const visit = (visitor: VisitorObject): void => new Visitor(visitor).visit(parsed.program);
  visit({
    ImportDeclaration: (node) => keep(node.source, node.start),
    ExportNamedDeclaration: (node) => keep(node.source, node.start),
    ExportAllDeclaration: (node) => keep(node.source, node.start),
    ImportExpression: (node) => keep(node.source, node.start),
  });
  const top = rooms.find((room) => file.startsWith(`${room}/`)) ?? '.';
  return { file, room: top, text, imports, visit, line, test: /\.test\.tsx?$/.test(file) };
}

function filesBelow(folder: string): string[] {
  const full = path.join(checkout, folder);
  if (statSync(full, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(full).flatMap((name) => {
    if (name === 'node_modules' || name === 'dist') return [];
    const file = `${folder}/${name}`;
    if (statSync(path.join(checkout, file)).isDirectory()) return filesBelow(file);
    return /\.tsx?$/.test(name) ? [file] : [];
  });
}
