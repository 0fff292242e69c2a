/** Where one goes after signing in: the place that `next` names, always inside the console. Fails closed. Pure. */

/** `next` is a path below `/console`, such as `/orders?state=inForce`; anything else leads to the sites. */
export function safeNext(next: string | undefined): string {
  const wanted = next ?? '';
  const inside = /^\/(?![/\\])[^\\]*$/.test(wanted) && !/^\/(sign-in|setup|invitation)\b/.test(wanted);
  return `/console${inside ? wanted : '/sites'}`;
}
