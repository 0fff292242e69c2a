/** The frame of a screen: its title (also the document's), where it hangs, what can be done on it; and its empty and waiting forms. */
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { say } from '../words/index.ts';

export function Screen({
  title,
  trail,
  lead,
  acts,
  wide = false,
  children,
}: {
  title: string;
  /** The screen above, as a link. */
  trail?: ReactNode;
  lead?: ReactNode;
  acts?: ReactNode;
  /** Takes all the width there is, for columns side by side. */
  wide?: boolean;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = say.titleOf(title);
  }, [title]);
  return (
    <div className="screen" data-wide={wide || undefined}>
      <header className="screen-head">
        <div>
          {trail === undefined ? null : <p className="trail">{trail}</p>}
          <h1>{title}</h1>
          {lead === undefined ? null : <div className="lead">{lead}</div>}
        </div>
        {acts === undefined ? null : <div className="acts">{acts}</div>}
      </header>
      {children}
    </div>
  );
}

export function Panel({ title, acts, children, id }: { title: string; acts?: ReactNode; children: ReactNode; id?: string }) {
  return (
    <section className="panel" aria-label={title} id={id}>
      <header>
        <h2>{title}</h2>
        {acts === undefined ? null : <div className="acts">{acts}</div>}
      </header>
      {children}
    </section>
  );
}

export function Empty({ title, children, act }: { title: string; children: ReactNode; act?: ReactNode }) {
  return (
    <div className="empty">
      <svg viewBox="0 0 32 32" aria-hidden="true" className="empty-mark">
        <path d="M4 30V15a12 12 0 0 1 24 0v15" />
        <path d="M10.500 5.500V12M16 3.500V12M21.500 5.500V12M5 10.500h22" />
      </svg>
      <h2>{title}</h2>
      <div className="prose">{children}</div>
      {act === undefined ? null : <div className="acts">{act}</div>}
    </div>
  );
}

/** Shown while the first answer is on its way; nothing moves for whoever asked for less motion. */
export function Waiting() {
  return (
    <p className="waiting" role="status">
      {say.list.loading}
    </p>
  );
}
