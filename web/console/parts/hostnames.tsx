/** Hostnames in stored form, each with what it reads as beside it when that differs. */
import { unicodeForm } from '../format/hostname.ts';

export function Hostname({ name }: { name: string }) {
  const unicode = unicodeForm(name);
  return (
    <span>
      {name}
      {unicode === null ? null : <span className="hint"> ({unicode})</span>}
    </span>
  );
}

export function Hostnames({ names, most = 3, more }: { names: readonly string[]; most?: number; more: (n: number) => string }) {
  const shown = names.slice(0, most);
  return (
    <>
      {shown.map((name, index) => (
        <span key={name}>
          {index > 0 ? ', ' : null}
          <Hostname name={name} />
        </span>
      ))}
      {names.length > most ? ` ${more(names.length - most)}` : null}
    </>
  );
}
