/** All identity routes, for control/main.ts to wire: sign-in, links, oneself, people, accounts, tokens. */
import type { App } from '../http/register.ts';
import type { IdentityDeps } from './deps.ts';
import { registerLinkRoutes } from './links.ts';
import { registerMeRoutes } from './me.ts';
import { registerPeopleRoutes } from './people.ts';
import { registerSignInRoutes } from './sign-in.ts';
import { registerTokenRoutes } from './tokens.ts';

export function registerIdentityRoutes(app: App, deps: IdentityDeps): void {
  registerLinkRoutes(app, deps);
  registerSignInRoutes(app, deps);
  registerMeRoutes(app, deps);
  registerPeopleRoutes(app, deps);
  registerTokenRoutes(app, deps);
}
