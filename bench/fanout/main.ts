/**
 * How long until an order is in force at a thousand edges? `npm run bench -- fanout [--json]`.
 *
 * A try: a second person confirms a notice; each of a thousand edge state machines (swarm.ts) says when it holds the revision, and three real
 * edges with HAProxy are asked over HTTP until they show the notice. The clock runs from the instant that the control plane stamped inside
 * the transaction. Two weathers in the same run: `clear`, which says what control plane and machine cost, and the one that the figures
 * are for, a delay with jitter each way and loss on every piece of data (network.ts), between edges and relays and again between relays and the
 * control plane. An edge whose connection was reset comes back and
 * catches up; what it missed meanwhile counts from the commit like everything else. Everything shares this machine's processors.
 */
import { parseArgs } from 'node:util';
import { confirmOrder, liftOrder, placeOrder } from '../../contract/routes/orders.ts';
import { addSite } from '../../contract/routes/sites.ts';
import type { SiteId } from '../../contract/ids.ts';
import { until } from '../../tests/harness/ports.ts';
import { inHours } from '../../tests/harness/provider.ts';
import { machine } from '../machine.ts';
import { startStaticOrigin } from '../propagation/origin.ts';
import { percentile } from '../propagation/percentile.ts';
import { watch } from '../propagation/poller.ts';
import { whileRunning } from '../running.ts';
import { install } from './installation.ts';
import type { Installation } from './installation.ts';
import { clear } from './network.ts';

const usage = `Usage: npm run bench -- fanout [--json] [--edges 1000] [--relays 4] [--tries 20] [--delay 40] [--jitter 20] [--loss 1]

  --json      print one JSON object and nothing else
  --edges     edge state machines, beside three edges with HAProxy
  --relays    relays between them and the control plane; 0: all are connected straight
  --tries     orders in each weather (a thousand edges give a thousand samples each)
  --delay     milliseconds one way, --jitter as much more or less, --loss percent of pieces of data that stall or reset their connection
`;

const host = 'fanout.example';
const patienceMs = 60_000;

type Samples = { readonly swarm: readonly number[]; readonly real: readonly number[] };
type Figure = { readonly value: number; readonly unit: 'ms' | 'share'; readonly goal?: number; readonly runs: number };

/** Runs the bench; `argv` is what follows its name. Returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: 'boolean', default: false },
      edges: { type: 'string', default: '1000' },
      relays: { type: 'string', default: '4' },
      tries: { type: 'string', default: '20' },
      delay: { type: 'string', default: '40' },
      jitter: { type: 'string', default: '20' },
      loss: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const [edges, tries, delayMs, jitterMs, loss] = [values.edges, values.tries, values.delay, values.jitter, values.loss].map(
    Number,
  );
  const relays = Number(values.relays);
  if (
    ![edges, tries].every((number) => Number.isInteger(number) && Number(number) >= 1) ||
    !(Number.isInteger(relays) && relays >= 0 && relays <= 50) ||
    !inRange(delayMs) ||
    !inRange(jitterMs) ||
    !inRange(loss, 100)
  ) {
    process.stderr.write(
      `--edges and --tries take whole numbers above zero, --relays up to 50, the others numbers from zero.\n\n${usage}`,
    );
    return 2;
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const ranOn = machine();
  const bad = { delayMs: delayMs ?? 0, jitterMs: jitterMs ?? 0, loss: (loss ?? 0) / 100 };
  const [calm, injected, through] = await whileRunning('fanout', async (folder, keep) => {
    const origin = keep(await startStaticOrigin());
    const house = await install(folder, keep, { count: edges ?? 1, relays }, say);
    const { siteId } = await house.parts.operator.call(addSite, {
      body: { hostnames: [host], origin: `http://127.0.0.1:${origin.port}`, waiveOwnership: true },
    });
    say(`${tries} orders without delay or loss …`);
    house.weather(clear);
    // The first one meets programs that have just been compiled and a thousand edges that have just come.
    await measure(house, siteId, 1);
    const first = await measure(house, siteId, tries ?? 1);
    say(`${tries} orders with ${bad.delayMs} ± ${bad.jitterMs} ms each way and ${bad.loss * 100} % loss …`);
    house.weather(bad);
    return [first, await measure(house, siteId, tries ?? 1), await house.throughRelays()] as const;
  });
  const figures: Record<string, Figure> = {
    ...percentiles('ms', [...injected.swarm, ...injected.real], { p50: 250, p99: 1000, p999: 5000 }),
    ...percentiles('ms_clear', [...calm.swarm, ...calm.real]),
    ...percentiles('ms_haproxy', injected.real),
    ...percentiles('ms_haproxy_clear', calm.real),
    within_5_s: {
      value: share([...injected.swarm, ...injected.real], 5000),
      unit: 'share',
      goal: 0.999,
      runs: injected.swarm.length,
    },
    through_relays: { value: Math.round(through * 1000) / 1000, unit: 'share', runs: 1 },
  };
  for (const [name, { value, unit, goal }] of Object.entries(figures))
    say(`  ${name.padEnd(24)}${value} ${unit}${goal === undefined ? '' : `   (goal ${goal})`}`);
  if (values.json) process.stdout.write(`${JSON.stringify({ bench: 'fanout', machine: ranOn, weather: bad, figures })}\n`);
  return 0;
}

/** Confirms and lifts orders one after another; each must reach every edge within a minute, or the bench fails. */
async function measure({ parts, swarm, visitors }: Installation, siteId: SiteId, tries: number): Promise<Samples> {
  const samples = { swarm: new Array<number>(), real: new Array<number>() };
  for (let index = 0; index < tries; index += 1) {
    const placed = await parts.operator.call(placeOrder, {
      body: {
        measure: 'notice-on-host',
        siteId,
        basis: { kind: 'own-decision' },
        internalReason: 'A try of the fan-out bench.',
        publicReason: 'This is a measurement; nobody is in danger.',
        endsAt: inHours(1),
      },
    });
    const watches = visitors.map((port) => watch(port, host, 5));
    try {
      await Promise.all(watches.map((one) => one.seen(200, patienceMs)));
      const [confirmed, ...shown] = await Promise.all([
        parts.second.call(confirmOrder, { params: { orderId: placed.orderId } }),
        ...watches.map((one) => one.seen(403, patienceMs)),
      ]);
      const { revision, confirmedAt } = confirmed;
      if (revision === null || confirmedAt === null) throw new Error('a confirmed order has a revision and says when');
      const committedMs = Date.parse(confirmedAt);
      for (const atMs of shown) samples.real.push(atMs - committedMs);
      const held = await everybodyHolds(swarm, revision);
      for (const atMs of held) samples.swarm.push(atMs - committedMs);
      const lifted = await parts.second.call(liftOrder, {
        params: { orderId: placed.orderId },
        body: { reason: 'The try is over.' },
      });
      await everybodyHolds(swarm, lifted.revision ?? 0);
    } finally {
      for (const one of watches) one.close();
    }
  }
  return samples;
}

async function everybodyHolds(swarm: Installation['swarm'], revision: number): Promise<readonly number[]> {
  return until(
    `every edge holds revision ${revision}`,
    () => {
      const held = swarm.heldAt(revision).filter((atMs) => atMs !== null);
      return held.length === swarm.count && held;
    },
    { timeoutMs: patienceMs, everyMs: 25 },
  );
}

function percentiles(
  name: string,
  samples: readonly number[],
  goals: Readonly<Record<string, number>> = {},
): Record<string, Figure> {
  return Object.fromEntries(
    (['p50', 'p99', 'p999'] as const).map((rank): [string, Figure] => {
      const value = Math.round(percentile(samples, { p50: 0.5, p99: 0.99, p999: 0.999 }[rank]) * 10) / 10;
      const goal = goals[rank];
      return [`${rank}_${name}`, { value, unit: 'ms', ...(goal === undefined ? {} : { goal }), runs: samples.length }];
    }),
  );
}

function share(samples: readonly number[], withinMs: number): number {
  return Math.round((samples.filter((ms) => ms <= withinMs).length / samples.length) * 100_000) / 100_000;
}

function inRange(number: number | undefined, most = 60_000): boolean {
  return number !== undefined && number >= 0 && number <= most;
}
