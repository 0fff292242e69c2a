/** The two reasons of whatever withdraws a shield: one that is read outside, one that stays in the house. */
import { TextArea } from './field.tsx';

export type TypedReasons = { readonly publicReason: string; readonly internalReason: string };

type Words = {
  readonly publicReason: string;
  readonly publicReasonHint: string;
  readonly internalReason: string;
  readonly internalReasonHint: string;
};

const names = [
  ['publicReason', 'publicReasonHint'],
  ['internalReason', 'internalReasonHint'],
] as const;

export function ReasonFields({
  words,
  typed,
  put,
}: {
  words: Words;
  typed: TypedReasons;
  put: (change: Partial<TypedReasons>) => void;
}) {
  return names.map(([name, hint]) => (
    <TextArea
      key={name}
      label={words[name]}
      hint={words[hint]}
      path={name}
      wide
      value={typed[name]}
      onChange={(event) => put({ [name]: event.target.value })}
    />
  ));
}
