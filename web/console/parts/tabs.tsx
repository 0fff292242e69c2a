/** Tabs of a screen as plain links: each tab is a place with an address of its own. */
import { Link } from '@tanstack/react-router';
import type { LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';

export function Tabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav className="tabs" aria-label={label}>
      {children}
    </nav>
  );
}

/** One tab. The screen says which one is shown; the router, left alone, would mark every tab of the same path. */
export function Tab({ current, children, ...rest }: LinkProps & { current: boolean; children: ReactNode }) {
  return (
    <Link
      {...rest}
      activeOptions={{ exact: true, includeSearch: true }}
      aria-current={current ? 'page' : undefined}
      data-current={current || undefined}
    >
      {children}
    </Link>
  );
}
