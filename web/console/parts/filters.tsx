/** The bar above a list: search and filters, whose state lives in the URL, and how much of the list is shown. */
import { useEffect, useId, useState } from 'react';
import type { ReactNode } from 'react';
import { say } from '../words/index.ts';

const typingPauseMs = 200;

export function FilterBar({ children, shown }: { children: ReactNode; shown: string | null }) {
  return (
    <div className="filters" role="search" aria-label={say.list.filters}>
      {children}
      <p className="shown" role="status">
        {shown}
      </p>
    </div>
  );
}

/** Search text; tells its new value after a short pause in typing. */
export function SearchBox({ value, label, onSearch }: { value: string; label: string; onSearch: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return undefined;
    // Who has left for another screen by then is not brought back: this one stays until the other has loaded.
    const { pathname } = window.location;
    const timer = setTimeout(() => {
      if (window.location.pathname === pathname) onSearch(typed);
    }, typingPauseMs);
    return () => clearTimeout(timer);
  }, [typed, value, onSearch]);
  return (
    <input
      type="search"
      className="search"
      aria-label={label}
      placeholder={label}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      data-search
      aria-keyshortcuts="/"
      autoComplete="off"
      spellCheck={false}
    />
  );
}

/** One choice among a few values, such as a filter; the empty value means all, unless `all` says that there is no such thing. */
export function Filter({
  label,
  value,
  options,
  all = true,
  onPick,
}: {
  label: string;
  value: string;
  options: readonly { readonly value: string; readonly label: string }[];
  all?: boolean;
  onPick: (value: string) => void;
}) {
  const id = useId();
  return (
    <span className="filter">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onPick(event.target.value)}>
        {all ? <option value="">{say.list.all}</option> : null}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </span>
  );
}
