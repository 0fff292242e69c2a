/** Who is signed in and what they may do, for every screen inside. A screen leaves out what the scopes do not open. */
import { createContext, use } from 'react';
import type { Scope } from '../../../contract/access.ts';
import type { Me } from '../../../contract/routes/identity.ts';

export const MeContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = use(MeContext);
  if (me === null) throw new Error('nobody is signed in above this component');
  return me;
}

export function useCan(): (scope: Scope) => boolean {
  const me = useMe();
  return (scope) => me.scopes.includes(scope);
}
