/**
 * Windows over the page, on the platform's own <dialog>: focus stays inside, Escape closes, the page behind is inert.
 *
 * `ConfirmByTyping` is the one way in which destructive acts are confirmed.
 */
import { useEffect, useId, useRef, useState } from 'react';
import type { ReactNode, SyntheticEvent } from 'react';
import type { ApiError, FieldMistake } from '../api/client.ts';
import { say } from '../words/index.ts';
import { Button } from './button.tsx';
import { TextField, WithMistakes } from './field.tsx';
import { Failure } from './failure.tsx';

export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element === null || element.open) return;
    element.showModal();
    // The platform would take the closing cross, which comes first.
    element.querySelector<HTMLElement>('.dialog-body :is(input, select, textarea, button)')?.focus();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose} className="dialog">
      <header>
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" onClick={() => dialog.current?.close()} aria-label={say.act.close}>
          <span aria-hidden="true">✕</span>
        </Button>
      </header>
      <div className="dialog-body">{children}</div>
    </dialog>
  );
}

/** Asks for the thing's name before the act can be done. */
export function ConfirmByTyping({
  title,
  name,
  action,
  busy,
  failure,
  onConfirm,
  onClose,
  children,
}: {
  title: string;
  name: string;
  action: string;
  busy: boolean;
  failure: ApiError | null;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const [typed, setTyped] = useState('');
  const fits = typed.trim() === name;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (fits && !busy) onConfirm();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <div className="prose">{children}</div>
        <TextField
          label={say.confirm.typeName(name)}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}

          spellCheck={false}
        />
        <Failure error={failure} />
        <div className="acts">
          <Button kind="danger" type="submit" disabled={!fits} busy={busy}>
            {busy ? say.act.working : action}
          </Button>
          <Button onClick={onClose}>{say.act.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Asks for a sentence that goes into the audit log, then acts. */
export function AskReason({
  title,
  label,
  hint,
  action,
  kind,
  least,
  busy,
  failure,
  onConfirm,
  onClose,
  children,
}: {
  title: string;
  label: string;
  hint: string;
  action: string;
  kind: 'primary' | 'danger';
  /** Fewest characters that the contract takes. */
  least: number;
  busy: boolean;
  failure: ApiError | null;
  onConfirm: (reason: string) => void;
  onClose: () => void;
  children?: ReactNode;
}) {
  const [reason, setReason] = useState('');
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (reason.trim().length >= least && !busy) onConfirm(reason.trim());
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        {children === undefined ? null : <div className="prose">{children}</div>}
        <TextField label={label} hint={hint} value={reason} onChange={(event) => setReason(event.target.value)} />
        <Failure error={failure} />
        <div className="acts">
          <Button kind={kind} type="submit" disabled={reason.trim().length < least} busy={busy}>
            {busy ? say.act.working : action}
          </Button>
          <Button onClick={onClose}>{say.act.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** A form in a window: its fields, what went wrong, one act and the way out. */
export function FormDialog({
  title,
  action,
  kind = 'primary',
  busy,
  failure,
  mistakes = [],
  disabled = false,
  onSubmit,
  onClose,
  children,
}: {
  title: string;
  action: string;
  kind?: 'primary' | 'danger';
  busy: boolean;
  failure: ApiError | null;
  /** Found on this side, before anything was sent. */
  mistakes?: readonly FieldMistake[];
  disabled?: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!busy && !disabled) onSubmit();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit} className="stack" noValidate>
        <WithMistakes fields={[...mistakes, ...(failure?.fields ?? [])]}>{children}</WithMistakes>
        <Failure error={failure} />
        <div className="acts">
          <Button kind={kind} type="submit" busy={busy} disabled={disabled || busy}>
            {busy ? say.act.working : action}
          </Button>
          <Button onClick={onClose}>{say.act.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}
