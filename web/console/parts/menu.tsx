/** Less frequent acts behind one button: on the platform's <details>, closed by Escape, by leaving it, and by choosing. */
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';

export function Menu({ label, name, children }: { label: string; name: string; children: ReactNode }) {
  const place = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const element = place.current;
      if (element === null || !element.open) return;
      if (event instanceof KeyboardEvent) {
        if (event.key !== 'Escape') return;
        element.querySelector('summary')?.focus();
      } else if (event.target instanceof Node && element.contains(event.target)) {
        return;
      }
      element.open = false;
    };
    document.addEventListener('click', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('click', close);
      document.removeEventListener('keydown', close);
    };
  }, []);
  return (
    <details ref={place} className="menu">
      <summary className="button" aria-label={name}>
        {label}
      </summary>
      <div
        className="menu-list"
        onClick={() => {
          if (place.current !== null) place.current.open = false;
        }}
      >
        {children}
      </div>
    </details>
  );
}
