/** The bar above a list: search and filters, whose state lives in the URL, and how much of the list is shown. */
import { useEffect, useState } from 'react';
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
    const timer = setTimeout(() => onSearch(typed), typingPauseMs);
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

/** One filter with a few values; the empty value means all. */
export function Filter({
  label,
  value,
  options,
  onPick,
}: {
  label: string;
  value: string;
  options: readonly { readonly value: string; readonly label: string }[];
  onPick: (value: string) => void;
}) {
  return (
    <label className="filter">
      <span>{label}</span>
      <select value={value} onChange={(event) => onPick(event.target.value)}>
        <option value="">{say.list.all}</option>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}
