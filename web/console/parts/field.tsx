/**
 * Form fields: a label, a hint, one control, its mistake. The mistake is tied to the control for screen readers.
 *
 * Mistakes come as a list of paths (api/client.ts); a field shows those at its own path and below it.
 */
import { createContext, use, useId } from 'react';
import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes, TextareaHTMLAttributes } from 'react';
import type { FieldMistake } from '../api/client.ts';

const Mistakes = createContext<readonly FieldMistake[]>([]);

/** Hands the mistakes of a form to the fields inside it. */
export function WithMistakes({ fields, children }: { fields: readonly FieldMistake[]; children: ReactNode }) {
  return <Mistakes value={fields}>{children}</Mistakes>;
}

function useMistake(path: string | undefined): string | null {
  const fields = use(Mistakes);
  if (path === undefined) return null;
  const own = fields.filter((field) => field.path === path || field.path.startsWith(`${path}.`) || field.path === `body.${path}`);
  return own.length === 0 ? null : [...new Set(own.map((field) => field.message))].join(' ');
}

type FrameProps = {
  label: ReactNode;
  hint?: ReactNode;
  /** Path of the field in the draft, for its mistakes. */
  path?: string;
  /** Shown beside the control: a unit. */
  unit?: string;
  wide?: boolean;
};

function Frame({
  label,
  hint,
  path,
  unit,
  wide = false,
  control,
}: FrameProps & { control: (id: string, described: { 'aria-describedby'?: string; 'aria-invalid'?: true }) => ReactNode }) {
  const id = useId();
  const mistake = useMistake(path);
  const parts = [hint === undefined ? null : `${id}-hint`, mistake === null ? null : `${id}-mistake`].filter(
    (part) => part !== null,
  );
  return (
    <div className="field" data-wide={wide || undefined}>
      <label htmlFor={id}>{label}</label>
      {hint === undefined ? null : (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <div className="control">
        {control(id, {
          ...(parts.length === 0 ? {} : { 'aria-describedby': parts.join(' ') }),
          ...(mistake === null ? {} : { 'aria-invalid': true }),
        })}
        {unit === undefined ? null : <span className="unit">{unit}</span>}
      </div>
      {mistake === null ? null : (
        <p className="mistake" id={`${id}-mistake`}>
          {mistake}
        </p>
      )}
    </div>
  );
}

export function TextField({ label, hint, path, unit, wide, ...input }: FrameProps & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Frame
      label={label}
      {...given({ hint, path, unit, wide })}
      control={(id, described) => <input id={id} type="text" autoComplete="off" {...described} {...input} />}
    />
  );
}

export function TextArea({ label, hint, path, unit, wide, ...input }: FrameProps & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <Frame
      label={label}
      {...given({ hint, path, unit, wide })}
      control={(id, described) => <textarea id={id} rows={3} {...described} {...input} />}
    />
  );
}

export function SelectField({
  label,
  hint,
  path,
  unit,
  wide,
  children,
  ...input
}: FrameProps & SelectHTMLAttributes<HTMLSelectElement> & { children: ReactNode }) {
  return (
    <Frame
      label={label}
      {...given({ hint, path, unit, wide })}
      control={(id, described) => (
        <select id={id} {...described} {...input}>
          {children}
        </select>
      )}
    />
  );
}

/** A tick with its sentence. */
export function CheckField({
  label,
  hint,
  ...input
}: { label: ReactNode; hint?: ReactNode } & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className="check">
      <input id={id} type="checkbox" {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })} {...input} />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint === undefined ? null : (
          <p className="hint" id={`${id}-hint`}>
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

export type Choice<Value extends string> = { readonly value: Value; readonly label: string; readonly help?: string };

/** One of a few, each with a sentence: radio buttons drawn as cards. */
export function Choices<Value extends string>({
  legend,
  hint,
  choices,
  value,
  onChoose,
}: {
  legend: string;
  hint?: string;
  choices: readonly Choice<Value>[];
  value: Value;
  onChoose: (value: Value) => void;
}) {
  const name = useId();
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      {hint === undefined ? null : <p className="hint">{hint}</p>}
      <div className="choice-list">
        {choices.map((choice) => (
          <label key={choice.value} className="choice">
            <input type="radio" name={name} checked={choice.value === value} onChange={() => onChoose(choice.value)} />
            <span className="choice-text">
              <span className="choice-label">{choice.label}</span>
              {choice.help === undefined ? null : <span className="hint">{choice.help}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** Leaves out what is undefined, for `exactOptionalPropertyTypes`. */
function given(optional: {
  hint: ReactNode | undefined;
  path: string | undefined;
  unit: string | undefined;
  wide: boolean | undefined;
}) {
  return {
    ...(optional.hint === undefined ? {} : { hint: optional.hint }),
    ...(optional.path === undefined ? {} : { path: optional.path }),
    ...(optional.unit === undefined ? {} : { unit: optional.unit }),
    ...(optional.wide === undefined ? {} : { wide: optional.wide }),
  };
}
