/** Buttons and links that look like them. One act per screen is `primary`; what destroys is `danger`. */
import { Link } from '@tanstack/react-router';
import type { LinkProps } from '@tanstack/react-router';
import type { ButtonHTMLAttributes, ReactNode } from 'react';

export type ButtonKind = 'primary' | 'plain' | 'danger' | 'quiet';

export function Button({
  kind = 'plain',
  busy = false,
  type = 'button',
  children,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { kind?: ButtonKind; busy?: boolean }) {
  return (
    <button
      className="button"
      data-kind={kind}
      type={type}
      aria-busy={busy || undefined}
      {...rest}
      disabled={rest.disabled ?? busy}
    >
      {children}
    </button>
  );
}

export function ButtonLink({
  kind = 'plain',
  isNew = false,
  children,
  ...rest
}: LinkProps & { kind?: ButtonKind; isNew?: boolean; children: ReactNode }) {
  return (
    <Link className="button" data-kind={kind} data-new={isNew || undefined} {...rest}>
      {children}
    </Link>
  );
}
