/**
 * Edges that stand together (one point of presence, two to eight of them) and see each other's clients, over HAProxy's own peers.
 *
 * A visitor whose connections are spread over them is one visitor: bans, the checks that an address passed, places in the waiting line and
 * solutions that were used are shared as they are. Counts must not be: peers replicate and the last writer wins, so of 30 requests sent
 * in turns all 30 passed a limit of 20 (edge-measured.md, section 6). Each edge therefore counts its clients in a table of its own, holds
 * copies of its neighbours', and every rule that reads a count reads the sum. This is one pass over the finished text, so that no
 * rule can be forgotten, and an edge without neighbours has not one byte of it.
 *
 * Open: what happens within the millisecond until a neighbour knows; a neighbour that is away counts as it last did, until its rows expire.
 * Not shared: requests in progress (HAProxy does not replicate them) and counts of sites (each edge tells its own).
 * Hazard: peers neither encrypt nor ask who is there. Whoever reaches their port can ban and unban: private networks only (edge/config.ts).
 */
import type { EdgePlan, Neighbours } from '../types.ts';

const counting = ['clients', 'visitors'] as const;
const shared: ReadonlySet<string> = new Set(['addresses', 'places', 'waits', 'solutions']);

/** HAProxy's tables of this edge's own clients: by address, and where a clearance is asked for. */
export function clientTables({ neighbours }: Pick<EdgePlan, 'neighbours'>): readonly string[] {
  return counting.map((table) => (neighbours === undefined ? table : tableOf(table, neighbours.own)));
}

/** The configuration of an edge that has neighbours, made of that of one that has none. Throws a RangeError for names and addresses that HAProxy would misread. */
export function withNeighbours(config: string, neighbours: Neighbours | undefined): string {
  if (neighbours === undefined) return config;
  const { own, all } = neighbours;
  for (const { name, address, port } of all) {
    if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name) || !/^[0-9A-Fa-f.:]+$/.test(address) || !Number.isInteger(port))
      throw new RangeError(`“${name}@${address}:${port}” cannot be a neighbour.`);
  }
  const others = all.filter(({ name }) => name !== own).map(({ name }) => name);
  let heading = '';
  return config
    .split('\n')
    .flatMap((line): readonly string[] => {
      if (/^\S/.test(line) && !line.startsWith('#')) heading = line;
      const [kind, name = ''] = heading.split(' ');
      if (line === 'peers local') {
        const peers = all.map((peer) => `    peer ${peer.name} ${peer.address}:${peer.port}`);
        return ['# The neighbours, this edge among them.', 'peers neighbours', ...peers, '', line];
      }
      if (line === '    localpeer portcullis') return [`    localpeer ${own}`];
      if (heading === 'peers local') return [line.replace(/^ {4}peer portcullis /, `    peer ${own} `)];
      if (kind === 'backend' && isCounting(name)) {
        if (line === heading) return [];
        if (!line.startsWith('    stick-table ')) return [line];
        const definition = line.replace(/( peers local)? store /, ' peers neighbours store ');
        return all.flatMap((peer, index) => [...(index === 0 ? [] : ['']), `backend ${tableOf(name, peer.name)}`, definition]);
      }
      if (kind === 'backend' && shared.has(name)) return [line.replace(' peers local store ', ' peers neighbours store ')];
      if (kind === 'frontend') return summed(line, own, others);
      return [line];
    })
    .join('\n');
}

/** A line of the frontend: a client that is tracked is looked up in the neighbours' tables too, and what is read of it is the sum. */
function summed(line: string, own: string, others: readonly string[]): readonly string[] {
  const tracked = /^ {4}http-request track-sc1 (\S+) table (\S+?)( if .*)?$/.exec(line);
  const [, key = '', table = '', given = ''] = tracked ?? [];
  if (tracked === null || !isCounting(table)) return [added(line)];
  if (given.includes(' or ')) throw new RangeError(`“${line.trim()}” cannot be summed: its condition has two halves.`);
  const sum = (name: string, fetch: string) => {
    const condition = `${given === '' ? ' if' : given} !{ var(txn.${name}) -m found }`;
    const parts = others.map((other, index) => ({
      variable: `txn.${name}${index === 0 ? '' : index}`,
      expression: `${key},${fetch}(${tableOf(table, other)})`,
    }));
    // The last to be set is what says that the sum is there.
    return parts.toReversed().map(({ variable, expression }, index) => {
      const rest = index === parts.length - 1 ? parts.slice(1).map((part) => `,add(${part.variable})`) : [];
      return `    http-request set-var(${variable}) ${expression}${rest.join('')}${condition}`;
    });
  };
  return [
    `    http-request track-sc1 ${key} table ${tableOf(table, own)}${given}`,
    ...sum('elsewhere', 'table_http_req_rate'),
    ...(table === 'visitors' ? sum('pages_elsewhere', 'table_gpc0_rate') : []),
  ];
}

function added(line: string): string {
  if (!/^ {4}(http-request|acl) /.test(line)) return line;
  return line
    .replaceAll('sc_http_req_rate(1)', 'sc_http_req_rate(1),add(txn.elsewhere)')
    .replaceAll('sc_gpc0_rate(1)', 'sc_gpc0_rate(1),add(txn.pages_elsewhere)');
}

function isCounting(name: string): name is (typeof counting)[number] {
  return counting.some((table) => table === name);
}

function tableOf(table: string, edge: string): string {
  return `${table}-${edge}`;
}
