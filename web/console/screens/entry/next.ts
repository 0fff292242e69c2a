/** Where one goes after signing in: where one wanted to go, if that is inside the console. Fails closed. Pure. */

export function safeNext(next: string | undefined): string {
  const wanted = next ?? '';
  const inside = wanted.startsWith('/console/') && !wanted.startsWith('/console//') && !wanted.includes('\\');
  return inside && !wanted.startsWith('/console/sign-in') ? wanted : '/console/sites';
}
