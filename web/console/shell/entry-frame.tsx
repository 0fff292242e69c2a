/** The frame of pages that one sees before signing in: the mark, one column. */
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { say } from '../words/index.ts';
import { Mark } from './mark.tsx';

export function EntryFrame({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = say.titleOf(title);
  }, [title]);
  return (
    <div className="entry">
      <main>
        <p className="brand">
          <Mark />
          {say.product}
        </p>
        <h1>{title}</h1>
        {lead === undefined ? null : <div className="lead">{lead}</div>}
        {children}
      </main>
    </div>
  );
}
