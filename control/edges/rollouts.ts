/**
 * Rollouts: looks every half second at what edges say of each change that is on its way, and does what core/shield/rollout.ts decides.
 *
 * All state is in the database, so a control process that starts anew goes on where the last one was, and two processes do no harm: each step
 * looks again with the group's row locked. A rollback is an alarm and an audit line of nobody's. A house without canaries pays one small
 * query per turn. Not here: how steps are written (store/staged-changes.ts).
 */
import type { EdgeId, GroupName, RolloutId } from '../../contract/ids.ts';
import type { FromEdge } from '../../contract/stream.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { laneOf } from '../../core/shield/lanes.ts';
import { comparedStretches, nextStep, pulseBucketMs } from '../../core/shield/rollout.ts';
import type { Pulse, RolloutSituation, RolloutStep, Stretch } from '../../core/shield/rollout.ts';
import { addAudit } from '../../store/audit.ts';
import { listEdges } from '../../store/edges.ts';
import { raiseAlarm } from '../../store/house.ts';
import type { NamedPerson } from '../../store/orders.ts';
import {
  addPulses,
  findPlan,
  listGroupRecords,
  listRolloutRecords,
  pulsesOf,
  setRollout,
  settleLanes,
  trimRollouts,
} from '../../store/rollouts.ts';
import type { GroupRecord, RolloutRecord } from '../../store/rollouts.ts';
import { advanceStaged, finishStaged, lockGroup, rollBackStaged } from '../../store/staged-changes.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import { Failure, notFound } from '../http/failure.ts';
import type { Job } from '../jobs/runner.ts';
import { stateOf } from './routes.ts';

type Deps = Pick<ControlDeps, 'store' | 'now'>;
type Telemetry = Extract<FromEdge, { kind: 'telemetry' }>;

const pulsesKeptMs = 2 * 3_600_000;
const rolloutsKeptMs = 90 * 86_400_000;
const mostAtOnce = 500;

export function rolloutJobs(deps: ControlDeps): Job[] {
  const { db } = deps.store;
  return [
    {
      name: 'rollouts',
      everyMs: 500,
      afterMs: 500,
      run: async () => {
        for (const { rolloutId, group } of await listRolloutRecords(db, { state: 'running', limit: mostAtOnce })) {
          await lookAt(deps, group, rolloutId);
        }
      },
    },
    {
      name: 'old rollouts',
      everyMs: 3_600_000,
      afterMs: 60_000,
      run: () => trimRollouts(db, instantOf(deps.now() - pulsesKeptMs), instantOf(deps.now() - rolloutsKeptMs)),
    },
  ];
}

/** Looks at one rollout and takes its next step, if it has one. */
async function lookAt(deps: Deps, group: GroupName, rolloutId: RolloutId): Promise<void> {
  const found = await situationOf(deps, group, rolloutId);
  if (found === null) return;
  const step = nextStep(found.situation);
  if (step.kind !== 'wait') return act(deps, group, rolloutId, found.rollout, step);
  if (step.why === found.rollout.note) return;
  await setRollout(deps.store.db, rolloutId, { note: step.why });
  // Seconds that count down are for whoever looks, not for everybody's screen.
  if (!/ s more\.$/.test(step.why) || found.rollout.note === null)
    deps.store.doorbell.ring('live', JSON.stringify({ kind: 'rollout', group }));
}

async function act(
  deps: Deps,
  group: GroupName,
  rolloutId: RolloutId,
  seen: RolloutRecord,
  step: Exclude<RolloutStep, { kind: 'wait' }>,
): Promise<void> {
  await transact(deps.store, async (unit) => {
    const locked = await lockGroup(unit.tx, group);
    const [held] = await listRolloutRecords(unit.tx, { rolloutId, limit: 1 });
    // Somebody was faster: the next turn looks at what is now.
    if (locked === undefined || held === undefined || held.state !== 'running' || held.reached !== seen.reached) return;
    if (step.kind === 'advance' && locked.stopped_at !== null) return;
    const at = nowOf(deps);
    if (step.kind === 'finish') {
      await finishStaged(unit, locked, rolloutId, at);
      // Its last canary may have been revoked meanwhile.
      return settleLanes(unit.tx, group);
    }
    if (step.kind === 'advance') return void (await advanceStaged(unit, locked, rolloutId, step.to, at));
    await rollBackStaged(unit, locked, rolloutId, step.reason, at);
    await settleLanes(unit.tx, group);
    const detail = { group, items: [...held.items], reached: held.reached + 1, reason: step.reason };
    await addAudit(unit.tx, { at, who: null, act: 'rollout.roll-back', subject: rolloutId, detail });
    await raiseAlarm(unit, {
      kind: 'rollout',
      at,
      sentence: `A change of ${what(held)} was taken back by itself after ${held.reached + 1} of ${held.lanes} steps: ${step.reason} What was in force before is in force; the settings still say the new, and it is tried again when they change.`,
    });
  });
}

function what({ items }: RolloutRecord): string {
  const [first, ...more] = items;
  return first === undefined ? 'nothing' : `${first}${more.length === 0 ? '' : ` and ${more.length} more`}`;
}

async function situationOf(
  deps: Deps,
  group: GroupName,
  rolloutId: RolloutId,
): Promise<{ rollout: RolloutRecord; situation: RolloutSituation } | null> {
  const { db } = deps.store;
  const [rollout] = await listRolloutRecords(db, { rolloutId, limit: 1 });
  const plan = await findPlan(db, group);
  if (rollout === undefined || plan === null || rollout.state !== 'running') return null;
  const nowMs = deps.now();
  const stepMs = msOf(rollout.reachedAt);
  const compared = comparedStretches(stepMs, nowMs);
  const pulses = ({ fromMs, toMs }: Stretch) => pulsesOf(db, group, instantOf(fromMs), instantOf(toMs));
  const since = await pulses(compared.since);
  const before = await pulses(compared.before);
  const none: Pulse = { requests: 0, refused: 0, failed: 0 };
  const edges = (await listEdges(db, group)).flatMap((edge) => {
    const state = stateOf(edge, plan.head, nowMs);
    if (state === 'revoked' || state === 'never-seen') return [];
    return [
      {
        name: edge.name,
        lane: laneOf(edge, plan.waves),
        connected: state !== 'away',
        revision: edge.revision,
        nack: edge.lastNack,
        haproxyDown: edge.health?.haproxy === 'down',
        before: before.get(edge.edgeId) ?? none,
        since: since.get(edge.edgeId) ?? none,
      },
    ];
  });
  const situation = {
    ...{ lanes: rollout.lanes, reached: rollout.reached, revision: rollout.revision, hurried: rollout.hurried, edges },
    sinceStepMs: nowMs - stepMs,
    canaryBakeMs: plan.canaryBakeSeconds * 1000,
    waveBakeMs: plan.waveBakeSeconds * 1000,
    stopped: plan.stopped !== null,
  };
  return { rollout, situation };
}

/** An operator takes it back, or sends it on without waiting. Throws Failure `not-found`, `wrong-state`. */
export async function steer(
  deps: Deps,
  who: NamedPerson,
  rolloutId: RolloutId,
  how: { readonly kind: 'hurry' } | { readonly kind: 'roll-back'; readonly reason: string },
): Promise<RolloutRecord> {
  const [seen] = await listRolloutRecords(deps.store.db, { rolloutId, limit: 1 });
  if (seen === undefined) throw notFound('rollout');
  return transact(deps.store, async (unit) => {
    const locked = await lockGroup(unit.tx, seen.group);
    const [held] = await listRolloutRecords(unit.tx, { rolloutId, limit: 1 });
    if (locked === undefined || held === undefined) throw notFound('rollout');
    if (held.state !== 'running')
      throw new Failure('wrong-state', `This rollout has ended (${held.state}). Nothing was changed.`);
    const at = nowOf(deps);
    if (how.kind === 'roll-back') {
      await rollBackStaged(unit, locked, rolloutId, `${who.name}: ${how.reason}`, at);
      const detail = { group: held.group, items: [...held.items], reason: how.reason };
      await addAudit(unit.tx, { at, who, act: 'rollout.roll-back', subject: rolloutId, detail });
    } else {
      if (locked.stopped_at !== null)
        throw new Failure(
          'wrong-state',
          `Rollouts of the group ${held.group} are stopped. Resume them first. Nothing was changed.`,
        );
      await setRollout(unit.tx, rolloutId, { hurried: true });
      if (held.reached < held.lanes - 1) await advanceStaged(unit, locked, rolloutId, held.lanes - 1, at);
      await addAudit(unit.tx, { at, who, act: 'rollout.hurry', subject: rolloutId, detail: { group: held.group } });
    }
    const [now] = await listRolloutRecords(unit.tx, { rolloutId, limit: 1 });
    return now ?? held;
  });
}

export type PulseBook = {
  /** Counts what an edge told, if its group has canaries to compare. */
  take(edgeId: EdgeId, group: GroupName, said: Telemetry): void;
  write(): Promise<void>;
};

/** Gathers what edges count, to be written once a second; only of groups that roll out by steps. */
export function openPulses(deps: Deps): PulseBook {
  let sums = new Map<string, { edgeId: EdgeId; bucketMs: number; pulse: Pulse }>();
  let staged: ReadonlySet<GroupName> = new Set();
  let lookedMs = 0;
  const watches = ({ lanes }: GroupRecord) => lanes > 1;
  return {
    take(edgeId, group, said) {
      if (!staged.has(group)) return;
      // By our clock: edges are compared with each other, and theirs may differ.
      const at = Math.floor(deps.now() / pulseBucketMs) * pulseBucketMs;
      const key = `${edgeId} ${at}`;
      let { requests, refused, failed } = sums.get(key)?.pulse ?? { requests: 0, refused: 0, failed: 0 };
      for (const { counts } of said.sites) {
        for (const count of Object.values(counts)) requests += count;
        refused += counts.denied + counts.limited + counts.challenged;
        failed += counts['origin-error'];
      }
      sums.set(key, { edgeId, bucketMs: at, pulse: { requests, refused, failed } });
    },
    async write() {
      const batch = [...sums.values()];
      sums = new Map();
      await addPulses(
        deps.store.db,
        batch.map((row) => ({ edgeId: row.edgeId, bucket: instantOf(row.bucketMs), ...row.pulse })),
      );
      if (deps.now() - lookedMs < pulseBucketMs) return;
      lookedMs = deps.now();
      staged = new Set((await listGroupRecords(deps.store.db)).filter(watches).map(({ group }) => group));
    },
  };
}
