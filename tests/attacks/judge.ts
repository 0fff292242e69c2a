/**
 * Whether two origins of different make understood the same requests, and only those that the edge decided on.
 *
 * Pure: it is told what was sent, what was answered and what the origins wrote down. What it must never pass over is in judge.test.ts.
 */
import type { Understood } from '../harness/origin-pair.ts';

/** Of one length, so that a mutation has the same bytes for both. */
export const hosts = { node: 'node-origin.example', nginx: 'engx-origin.example' } as const;
export type Kind = keyof typeof hosts;
export const kinds = ['node', 'nginx'] as const;

/** An attack, from an address of its own at each origin. */
export type Case = {
  readonly name: string;
  readonly from: Readonly<Record<Kind, string>>;
  readonly answers: Readonly<Record<Kind, string>>;
  /** The bytes that went towards nginx; empty when they were no text. */
  readonly sent: string;
};

/** A request in the absolute form names the same thing as in the form of a path; nginx writes down the latter. */
const pathOf = (target: string) =>
  target.replace(/^https?:\/\/[^/?#]*(.*)$/i, (_, path: string) => (path.startsWith('/') ? path : `/${path}`));

/** How many answers a client got: a connection that the edge has closed carries no further requests. */
const answered = (answer: string) => (answer.match(/HTTP\/1\.[01] [2-5]\d\d /g) ?? []).length;

const text = ({ method, target, host, body }: Understood, kind: Kind) => {
  const own = (value: string) => value.replaceAll(hosts[kind], 'H');
  return `${method} ${pathOf(own(target)).slice(0, 300)} host=${own(host)} body=${body === null ? 'long' : own(body)}`;
};

/** Takes the first line that begins so out of the list; false when there is none. */
function takeLine(lines: string[], start: string): boolean {
  const at = lines.findIndex((line) => line.startsWith(start));
  if (at !== -1) lines.splice(at, 1);
  return at !== -1;
}

/**
 * Whether a line that only nginx saw is the first line of what somebody sent, and neither origin knows of a request of theirs for every answer that they
 * got. The edge hands on any method that is a token (`0GET`); both refuse it, but Node tells of a long request only the piece that it had read last,
 * and of none on a connection that was closed under it. Each sender explains one line.
 */
function takeSender(cases: Set<Case>, line: string, seen: Readonly<Record<Kind, readonly Understood[]>>): boolean {
  for (const one of cases) {
    if (one.sent.replaceAll(hosts.nginx, 'H').slice(0, line.length) !== line) continue;
    const known = (kind: Kind) => seen[kind].filter(({ from }) => from === one.from[kind]).length;
    const [atNode, atNginx] = [answered(one.answers.node), answered(one.answers.nginx)];
    if (atNginx <= known('nginx') || (atNode <= known('node') && atNode >= atNginx)) continue;
    cases.delete(one);
    return true;
  }
  return false;
}

/**
 * What is wrong with what the origins understood, in sentences; nothing when all is well. That one refuses what the other serves is no
 * difference as long as it is one whole request, written by the edge: where the next begins, both agree.
 */
export function judge(cases: readonly Case[], seen: Readonly<Record<Kind, readonly Understood[]>>): string[] {
  const wrong: string[] = [];
  const clientsOf = { node: new Set(cases.map(({ from }) => from.node)), nginx: new Set(cases.map(({ from }) => from.nginx)) };
  // nginx refuses most of what it refuses before it has read who asks.
  const nginxRefused = seen.nginx.filter(({ refused }) => refused).map(({ line }) => line.replaceAll(hosts.nginx, 'H'));
  const linesAtNode = new Set(seen.node.map(({ line }) => line.replaceAll(hosts.node, 'H')));
  const unexplained = new Set(cases);
  for (const line of nginxRefused) {
    if (line !== '' && !linesAtNode.has(line) && !takeSender(unexplained, line, seen))
      wrong.push(`nginx refused a line that the edge wrote to nobody else: “${line.slice(0, 200)}”`);
  }
  for (const one of cases) {
    const of = (kind: Kind) => seen[kind].filter(({ from }) => from === one.from[kind]);
    const served = (kind: Kind) => of(kind).filter(({ refused }) => !refused);
    const [atNode, atNginx] = [answered(one.answers.node), answered(one.answers.nginx)];
    const mayLack = of('node').filter(({ refused }) => refused).length + Math.max(0, atNginx - atNode);
    let nginxMayLack = Math.max(0, atNode - atNginx);
    const nginx = served('nginx').map((request) => text(request, 'nginx'));
    let lacking = 0;
    let at = 0;
    const same = served('node').every((request) => {
      const found = nginx.indexOf(text(request, 'node'), at);
      if (found === -1) {
        if (takeLine(nginxRefused, `${request.method} ${request.target.replaceAll(hosts.node, 'H')}`)) return true;
        nginxMayLack -= 1;
        return nginxMayLack >= 0;
      }
      lacking += found - at;
      at = found + 1;
      return true;
    });
    lacking += nginx.length - at;
    if (same && lacking <= mayLack) continue;
    const node = served('node').map((request) => text(request, 'node'));
    wrong.push(`${one.name}\n  Node:  ${node.join(' | ')} and may lack ${mayLack}\n  nginx: ${nginx.join(' | ')}`);
  }
  for (const kind of kinds) {
    for (const request of seen[kind]) {
      const decided = clientsOf[kind].has(request.from) || (kind === 'nginx' && request.refused && request.from === '');
      if (!decided)
        wrong.push(
          `${kind} saw a request that nobody decided on, from “${request.from}”: ${text(request, kind)} ${request.line}`,
        );
    }
  }
  return wrong;
}
