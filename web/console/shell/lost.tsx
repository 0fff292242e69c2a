/** Where one lands when there is no such page, or when a page cannot be shown. */
import { Link, useRouter } from '@tanstack/react-router';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { Failure } from '../parts/failure.tsx';
import { Screen } from '../parts/screen.tsx';
import { say } from '../words/index.ts';

export function NotFound() {
  return (
    <Screen title={say.failure.notFoundScreen} lead={say.failure.notFoundScreenHelp}>
      <p>
        <Link to="/sites">{say.nav.sites}</Link>
      </p>
    </Screen>
  );
}

export function RouteFailure({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
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
