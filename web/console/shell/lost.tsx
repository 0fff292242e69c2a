/** Where one lands when there is no such page, or when a page cannot be shown. */
import { Link, useRouter } from '@tanstack/react-router';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { Failure } from '../parts/failure.tsx';
import { Screen } from '../parts/screen.tsx';
import { say } from '../words/index.ts';
import { EntryFrame } from './entry-frame.tsx';

export function NotFound() {
  return (
    <Screen title={say.failure.notFoundScreen} lead={say.failure.notFoundScreenHelp}>
      <p>
        <Link to="/sites">{say.nav.sites}</Link>
      </p>
    </Screen>
  );
}

/** The same outside the frame, where nobody is known yet. */
export function NotFoundOutside() {
  return (
    <EntryFrame title={say.failure.notFoundScreen} lead={say.failure.notFoundScreenHelp}>
      <p>
        <Link to="/sites">{say.nav.sites}</Link>
      </p>
    </EntryFrame>
  );
}

/** When not even the frame could be shown. */
export function FailureOutside({ error, reset }: ErrorComponentProps) {
  const again = useAgain(reset);
  return (
    <EntryFrame title={say.failure.heading}>
      <Failure error={error} onRetry={again} />
    </EntryFrame>
  );
}

function useAgain(reset: () => void): () => void {
  const router = useRouter();
  return () => {
    reset();
    void router.invalidate();
  };
}

export function RouteFailure({ error, reset }: ErrorComponentProps) {
  const again = useAgain(reset);
  return (
    <Screen title={say.failure.heading}>
      <Failure error={error} onRetry={again} />
    </Screen>
  );
}

export function NotAllowed() {
  return (
    <Screen title={say.failure.notAllowedScreen} lead={say.failure.notAllowedScreenHelp}>
      <p>
        <Link to="/account">{say.nav.account}</Link>
      </p>
    </Screen>
  );
}
