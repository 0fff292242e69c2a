/** A state as a shape and a word: never colour alone. */
import type { ReactNode } from 'react';

export type Tone = 'good' | 'waiting' | 'caution' | 'alarm' | 'off';

const shapes: Readonly<Record<Tone, ReactNode>> = {
  good: <circle cx="6" cy="6" r="4.5" fill="currentColor" />,
  waiting: <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.8" />,
  caution: <path d="M6 1.2 11 10.4H1Z" fill="none" stroke="currentColor" strokeWidth="1.7" strokeLinejoin="round" />,
  alarm: <path d="M6 .8 11.2 6 6 11.200 .8 6Z" fill="currentColor" />,
  off: <path d="M2 6h8" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />,
};

export function Badge({ tone, children, title }: { tone: Tone; children: ReactNode; title?: string }) {
  return (
    <span className="badge" data-tone={tone} title={title}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        {shapes[tone]}
      </svg>
      {children}
    </span>
  );
}
