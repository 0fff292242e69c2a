/**
 * The frame's page: one per language, the same for every site and key. What differs comes from the page around it, by messages (frame.js).
 *
 * Its policy lets it run our own scripts, compile WebAssembly in the worker and ask our own origin, and nothing else. Anybody may put it in a page:
 * that is what it is for. With `require-corp` it may also stand in pages that are isolated from others' origins.
 */
import { wordsOf } from '../words.ts';
import type { Language } from '../words.ts';

export const framePolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const shown = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** The page in this language; `assets` is the folder in which its scripts are. */
export function framePage(language: Language, assets: string): string {
  const { words, direction } = wordsOf(language);
  return `<!doctype html>
<html lang="${language}" dir="${direction}" data-theme="auto">
<head>
<meta charset="utf-8">
<title>Portcullis captcha</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${assets}frame.css">
</head>
<body data-words="${shown(JSON.stringify(words))}" data-solver="${assets}solver.js">
<div id="box" role="group" aria-label="Portcullis captcha" data-kind="managed" data-size="normal" data-state="idle">
<div id="sign"><input id="check" type="checkbox"><span id="mark" aria-hidden="true"></span></div>
<div id="text"><label for="check">${shown(words.check)}</label><p id="status" role="status"></p>
<button id="again" type="button" hidden>${shown(words.again)}</button>
<button id="close" type="button" hidden>${shown(words.close)}</button>
<a id="why" target="_blank" rel="noopener noreferrer" hidden>${shown(words.why)}</a></div>
<p id="name" lang="en">Portcullis</p>
<div id="bar" aria-hidden="true"></div>
<div id="trap" aria-hidden="true"><input id="website" name="website" tabindex="-1" autocomplete="off"></div>
</div>
<script src="${assets}frame.js"></script>
</body>
</html>
`;
}
