/** All identity routes, for control/main.ts to wire: sign-in, links, oneself, people, accounts, tokens. */
import type { App } from '../http/register.ts';
import { passwordHasher } from './argon.ts';
import type { IdentityDeps } from './deps.ts';
import { registerLinkRoutes } from './links.ts';
import { registerMeRoutes } from './me.ts';
import { registerPeopleRoutes } from './people.ts';
import { registerSignInRoutes } from './sign-in.ts';
import { registerTokenRoutes } from './tokens.ts';

export function registerIdentityRoutes(app: App, handed: Omit<IdentityDeps, 'hasher'>): void {
  const deps: IdentityDeps = { ...handed, hasher: passwordHasher() };
  registerLinkRoutes(app, deps);
  registerSignInRoutes(app, deps);
  registerMeRoutes(app, deps);
  registerPeopleRoutes(app, deps);
  registerTokenRoutes(app, deps);
}
