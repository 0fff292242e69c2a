/** Short words about what has just been done, read aloud politely, gone after a while. One place for the whole console. */
import { useSyncExternalStore } from 'react';

export type Notice = { readonly id: number; readonly text: string };

const shownForMs = 6000;
let next = 1;
let notices: readonly Notice[] = [];
const listeners = new Set<() => void>();

export function notify(text: string): void {
  const id = next;
  next += 1;
  change([...notices, { id, text }]);
  setTimeout(() => change(notices.filter((notice) => notice.id !== id)), shownForMs);
}

export function Notices() {
  const shown = useSyncExternalStore(subscribe, () => notices);
  return (
    <div className="notices" role="status" aria-live="polite">
      {shown.map((notice) => (
        <p key={notice.id}>{notice.text}</p>
      ))}
    </div>
  );
}

function change(now: readonly Notice[]): void {
  notices = now;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
