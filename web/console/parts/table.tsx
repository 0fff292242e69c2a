/**
 * Tables of things: one row each, one link per row (`RowLink`) that `j` and `k` walk and Enter opens.
 *
 * A table that is wider than its place scrolls inside it and can be reached by keyboard.
 */
import { Link } from '@tanstack/react-router';
import type { LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';

export type Column = { readonly key: string; readonly head: ReactNode; readonly align?: 'end' };

export function Table({ caption, columns, children }: { caption: string; columns: readonly Column[]; children: ReactNode }) {
  return (
    <div className="table-place" tabIndex={0} role="group" aria-label={caption}>
      <table className="table">
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" data-align={column.align}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export function RowLink({ children, ...rest }: LinkProps & { children: ReactNode }) {
  return (
    <Link {...rest} className="row-link" data-row>
      {children}
    </Link>
  );
}
