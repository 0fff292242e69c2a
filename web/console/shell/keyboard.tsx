/**
 * The keyboard: `j`/`k` walk rows, `/` searches, `g` and a letter goes to a room, `n` adds, `c` claims, `?` shows this list.
 *
 * Keys do nothing while one types in a field, holds a modifier, or a window is open. Rows, search and "new" are found by the marks
 * `data-row`, `data-search`, `data-new`, `data-claim` that parts put on the page, so screens need no code of their own.
 */
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { Dialog } from '../parts/dialog.tsx';
import { say } from '../words/index.ts';
import { rooms } from './rooms.ts';
import type { Room } from './rooms.ts';

/** How long after `g` the letter may come. */
const goWaitMs = 1200;

export function Keyboard({ open }: { open: readonly Room[] }) {
  const navigate = useNavigate();
  const [help, setHelp] = useState(false);
  // Never: zero is when the page was loaded, and would make `c` in the first second go to a room.
  const goSince = useRef(-Infinity);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector('dialog[open]') !== null) return;
      if (isTyping(event.target)) {
        if (event.key === 'Escape' && event.target instanceof HTMLElement) event.target.blur();
        return;
      }
      const going = event.timeStamp - goSince.current < goWaitMs;
      goSince.current = -Infinity;
      if (going) {
        const room = open.find((candidate) => candidate.key === event.key);
        if (room !== undefined) {
          event.preventDefault();
          void navigate({ to: room.to });
          return;
        }
      }
      if (act(event.key)) event.preventDefault();
    };
    const act = (key: string): boolean => {
      switch (key) {
        case 'g':
          goSince.current = performance.now();
          return true;
        case 'j':
          return step(1);
        case 'k':
          return step(-1);
        case '/':
          return focusFirst('[data-search]');
        case 'n':
          return clickFirst('[data-new]');
        case 'c':
          return claim();
        case '?':
          setHelp(true);
          return true;
        default:
          return false;
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [navigate, open]);

  if (!help) return null;
  return (
    <Dialog title={say.keys.heading} onClose={() => setHelp(false)}>
      <dl className="keys">
        <Key keys={['j']} does={say.keys.next} />
        <Key keys={['k']} does={say.keys.previous} />
        <Key keys={['Enter']} does={say.keys.open} />
        <Key keys={['/']} does={say.keys.search} />
        <Key keys={['n']} does={say.keys.new} />
        {open.some((room) => room.room === 'desk') ? <Key keys={['c']} does={say.keys.claim} /> : null}
        {open.map((room) => (
          <Key key={room.room} keys={['g', room.key]} does={say.keys.go(say.nav[room.room])} />
        ))}
        <Key keys={['Esc']} does={say.keys.leave} />
        <Key keys={['?']} does={say.keys.help} />
      </dl>
    </Dialog>
  );
}

/** The rooms that some scopes open. */
export function openRooms(scopes: readonly string[]): readonly Room[] {
  return rooms.filter((room) => room.needs === null || scopes.includes(room.needs));
}

function Key({ keys, does }: { keys: readonly string[]; does: string }) {
  return (
    <>
      <dt>
        {keys.map((key, index) => (
          <span key={key}>
            {index > 0 ? ` ${say.keys.then} ` : null}
            <kbd>{key}</kbd>
          </span>
        ))}
      </dt>
      <dd>{does}</dd>
    </>
  );
}

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function step(by: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  if (rows.length === 0) return false;
  const here = rows.findIndex((row) => row === document.activeElement);
  const next = here === -1 ? (by === 1 ? 0 : rows.length - 1) : Math.min(Math.max(here + by, 0), rows.length - 1);
  const row = rows[next];
  row?.focus();
  row?.scrollIntoView({ block: 'nearest' });
  return true;
}

function focusFirst(selector: string): boolean {
  const element = document.querySelector<HTMLElement>(selector);
  element?.focus();
  return element !== null;
}

/** Claims what the focused row is about; on a screen with one thing to claim, that one. */
function claim(): boolean {
  const here = document.activeElement?.closest('tr')?.querySelector<HTMLElement>('[data-claim]');
  if (here !== null && here !== undefined) {
    here.click();
    return true;
  }
  return document.querySelectorAll('[data-claim]').length === 1 && clickFirst('[data-claim]');
}

function clickFirst(selector: string): boolean {
  const element = document.querySelector<HTMLElement>(selector);
  element?.click();
  return element !== null;
}
