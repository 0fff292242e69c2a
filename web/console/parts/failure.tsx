/** What went wrong, in the words of the server or of the catalogue: what happened, whether anything was lost, what to do. */
import type { ReactNode } from 'react';
import { errorTable } from '../../../contract/errors.ts';
import { ApiError } from '../api/client.ts';
import { say } from '../words/index.ts';
import { Button } from './button.tsx';

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (error === null || error === undefined) return null;
  const { title, detail, reference } = wordsFor(error);
  return (
    <div className="failure" role="alert">
      <p className="failure-title">
        <AlarmSign /> {title}
      </p>
      <p>{detail}</p>
      {reference === null ? null : (
        <p className="hint" title={say.failure.referenceHelp}>
          <span className="mono">{say.failure.reference(reference)}</span>
        </p>
      )}
      {outdated(error) ? (
        <Button onClick={() => location.reload()}>{say.act.reload}</Button>
      ) : onRetry === undefined ? null : (
        <Button onClick={onRetry}>{say.act.retry}</Button>
      )}
    </div>
  );
}

/** Whether only a new page can help: the program was updated under this one, or this one has a fault of its own. */
function outdated(error: unknown): boolean {
  return !(error instanceof ApiError) || error.code === 'unreadable';
}

function wordsFor(error: unknown): { title: string; detail: string; reference: string | null } {
  if (!(error instanceof ApiError)) return { title: say.failure.heading, detail: say.failure.unknown, reference: null };
  const { code, detail, reference, fields } = error;
  if (code === 'bad-request' && fields.length > 0) {
    return {
      title: say.failures['bad-request'].title,
      detail: `${say.failure.fields(fields.length)} ${strays(error)}`.trim(),
      reference: null,
    };
  }
  if (code === 'offline' || code === 'unreadable') return { ...say.failures[code], reference };
  return { title: errorTable[code].title, detail: detail === '' ? say.failures.internal.detail : detail, reference };
}

/** Mistakes of the whole draft belong to no field, so they are said here. */
function strays(error: ApiError): string {
  return error.fields
    .filter((field) => field.path === '' || field.path === 'body')
    .map((field) => field.message)
    .join(' ');
}

export function AlarmSign(): ReactNode {
  return (
    <svg className="sign" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M8 1.5 15 14H1Z" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinejoin="round" />
      <path d="M8 6v4M8 11.6v.6" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
    </svg>
  );
}
