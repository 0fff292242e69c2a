/** A rollout's next step, for any edges: no step past a bad sign or the stop switch, and an end for each. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerWithinMs, comparedStretches, nextStep, pulseBucketMs } from './rollout.ts';
import type { Pulse, RolloutEdge, RolloutSituation } from './rollout.ts';

const quiet: Pulse = { requests: 0, refused: 0, failed: 0 };
const edge = (change: Partial<RolloutEdge> = {}): RolloutEdge => ({
  ...{ name: 'edge-1', lane: 0, connected: true, revision: 7, nack: null, haproxyDown: false, before: quiet, since: quiet },
  ...change,
});
const others = edge({ name: 'edge-2', lane: 1 });
const at = (change: Partial<RolloutSituation> = {}): RolloutSituation => ({
  ...{ lanes: 3, reached: 0, revision: 7, sinceStepMs: 30_000, canaryBakeMs: 30_000, waveBakeMs: 15_000 },
  ...{ stopped: false, hurried: false, edges: [edge(), others] },
  ...change,
});
const refusedBy = (reason: string) => ({ revision: 7, reason, detail: 'unknown map' });

describe('a rollout', () => {
  it('goes to the canaries, then wave by wave, each after its time, and ends', () => {
    expect(nextStep(at({ reached: -1, sinceStepMs: 0 }))).toEqual({ kind: 'advance', to: 0 });
    expect(nextStep(at({ sinceStepMs: 29_000 }))).toEqual({ kind: 'wait', why: 'It is watched for 1 s more.' });
    expect(nextStep(at())).toEqual({ kind: 'advance', to: 1 });
    expect(nextStep(at({ reached: 1, sinceStepMs: 14_000 })).kind).toBe('wait');
    expect(nextStep(at({ reached: 1 }))).toEqual({ kind: 'advance', to: 2 });
    // No edge is in the last wave: there is nothing to watch.
    expect(nextStep(at({ reached: 2, sinceStepMs: 0 }))).toEqual({ kind: 'finish' });
  });

  it('waits for the acknowledgement of each edge that is connected, a minute and no longer', () => {
    const late = [edge({ revision: 6 }), others];
    expect(nextStep(at({ edges: late }))).toMatchObject({ kind: 'wait', why: /1 of 1 edges/ });
    expect(nextStep(at({ edges: late, sinceStepMs: answerWithinMs + 1 }))).toMatchObject({ kind: 'roll-back' });
  });

  it('lets nothing pass while no canary can be heard, and does not wait for an edge of a wave that is away', () => {
    const away = { connected: false, revision: 1 };
    expect(nextStep(at({ edges: [edge(away), others] }))).toEqual({ kind: 'wait', why: 'No canary is connected.' });
    expect(nextStep(at({ reached: 1, edges: [edge(), edge({ lane: 1, ...away })] }))).toEqual({ kind: 'advance', to: 2 });
  });

  it('goes back when an edge refuses it, and not for what is the edge’s own trouble', () => {
    for (const reason of ['bad-policy', 'refused-by-haproxy'])
      expect(nextStep(at({ edges: [edge({ revision: 6, nack: refusedBy(reason) }), others] }))).toMatchObject({
        kind: 'roll-back',
        reason: `The edge edge-1 refused it (${reason}): unknown map`,
      });
    for (const reason of ['gap', 'disk', 'digest-mismatch'])
      expect(nextStep(at({ edges: [edge({ revision: 6, nack: refusedBy(reason) }), others] })).kind).toBe('wait');
    // Refused once, held now: what was refused is mended.
    expect(nextStep(at({ edges: [edge({ nack: refusedBy('bad-policy') }), others] })).kind).toBe('advance');
  });

  it('goes back when HAProxy is down on an edge that has it', () => {
    expect(nextStep(at({ edges: [edge({ haproxyDown: true }), others] })).kind).toBe('roll-back');
    expect(nextStep(at({ edges: [edge(), edge({ lane: 1, haproxyDown: true })] })).kind).toBe('advance');
  });

  it('never counts the bucket of the step itself, which holds requests of both sides', () => {
    const instants = fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 });
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 7_200_000 }), (stepMs, elapsedMs) => {
        const { before, since } = comparedStretches(stepMs, stepMs + elapsedMs);
        expect(before.toMs).toBeLessThanOrEqual(stepMs);
        expect(since.fromMs).toBeGreaterThan(stepMs);
        expect(since.fromMs - before.toMs).toBe(pulseBucketMs);
        const beforeMs = before.toMs - before.fromMs;
        expect(beforeMs).toBe(Math.min(600_000, Math.max(pulseBucketMs, elapsedMs)));
      }),
    );
  });

  it('goes back when more requests fail or are refused than before and than elsewhere', () => {
    const well = { requests: 1000, refused: 30, failed: 2 };
    const step = (since: Pulse, before = well, there = well) =>
      nextStep(at({ edges: [edge({ before, since }), { ...others, since: there }] })).kind;
    expect(step(well)).toBe('advance');
    expect(step({ ...well, failed: 200 })).toBe('roll-back');
    expect(step({ ...well, refused: 600 })).toBe('roll-back');
    // A flood that refuses as many elsewhere says nothing about the change; nor do few requests.
    expect(step({ ...well, refused: 600 }, well, { ...well, refused: 550 })).toBe('advance');
    expect(step({ requests: 40, refused: 40, failed: 0 })).toBe('advance');
    expect(step({ ...well, refused: 600 }, quiet, quiet)).toBe('advance');
  });

  it('can be sent on by an operator without waiting, but not past a bad sign', () => {
    const hurried = { hurried: true, sinceStepMs: 0, edges: [edge({ revision: 6 }), others] };
    expect(nextStep(at(hurried))).toEqual({ kind: 'advance', to: 2 });
    expect(nextStep(at({ ...hurried, edges: [edge({ revision: 6, nack: refusedBy('bad-policy') })] })).kind).toBe('roll-back');
  });
});

const pulses: fc.Arbitrary<Pulse> = fc
  .record({ requests: fc.nat(500), refused: fc.nat(500), failed: fc.nat(500) })
  .map(({ requests, refused, failed }) => ({
    requests,
    refused: Math.min(requests, refused),
    failed: Math.min(requests, failed),
  }));
const edges = fc.record({
  name: fc.constant('edge-1'),
  lane: fc.nat(4),
  connected: fc.boolean(),
  revision: fc.integer({ min: 5, max: 8 }),
  nack: fc.option(
    fc.record({
      revision: fc.integer({ min: 5, max: 8 }),
      reason: fc.constantFrom('bad-policy', 'refused-by-haproxy', 'gap', 'disk'),
      detail: fc.constant(''),
    }),
  ),
  haproxyDown: fc.boolean(),
  before: pulses,
  since: pulses,
});
const situations = fc
  .record({
    lanes: fc.integer({ min: 1, max: 5 }),
    reached: fc.integer({ min: -1, max: 4 }),
    revision: fc.constant(7),
    sinceStepMs: fc.nat(200_000),
    canaryBakeMs: fc.nat(60_000),
    waveBakeMs: fc.nat(60_000),
    stopped: fc.boolean(),
    hurried: fc.boolean(),
    edges: fc.array(edges, { maxLength: 8 }),
  })
  .map((one) => ({ ...one, reached: Math.min(one.reached, one.lanes - 1) }));

describe('for any edges, a rollout', () => {
  it('never goes a step further past a refusal, a HAProxy that is down, or the stop switch', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const step = nextStep(situation);
        const { reached, revision } = situation;
        const touched = situation.edges.filter(({ lane }) => lane <= reached);
        const bad = touched.some(
          (one) =>
            (one.connected && one.haproxyDown && one.revision >= revision) ||
            (one.nack !== null &&
              ['bad-policy', 'refused-by-haproxy'].includes(one.nack.reason) &&
              one.nack.revision >= revision &&
              one.revision < one.nack.revision),
        );
        if (bad) expect(step.kind).toBe('roll-back');
        if (situation.stopped) expect(step.kind).not.toBe('advance');
        if (step.kind === 'advance') {
          expect(step.to).toBe(situation.hurried ? situation.lanes - 1 : reached + 1);
          if (!situation.hurried)
            for (const one of touched) if (one.connected) expect(one.revision).toBeGreaterThanOrEqual(revision);
        }
        if (step.kind === 'finish') expect(reached).toBe(situation.lanes - 1);
      }),
    );
  });

  it('that nobody has cannot be taken back by what edges do that have it not', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        expect(nextStep({ ...situation, reached: -1 }).kind).not.toBe('roll-back');
      }),
    );
  });

  it('ends, when all edges answer and are well, after as many steps as there are lanes', () => {
    fc.assert(
      fc.property(situations, (first) => {
        let situation: RolloutSituation = {
          ...first,
          stopped: false,
          reached: -1,
          sinceStepMs: 50_000,
          canaryBakeMs: 0,
          waveBakeMs: 0,
        };
        const well = first.edges.map((one) => ({
          ...one,
          ...{ connected: true, revision: 7, nack: null, haproxyDown: false, before: quiet, since: quiet },
        }));
        for (let steps = 0; ; steps += 1) {
          const step = nextStep({ ...situation, edges: well });
          if (step.kind === 'finish') {
            expect(steps).toBeLessThanOrEqual(situation.lanes);
            return;
          }
          if (step.kind !== 'advance') throw new Error(`it does not go on: ${step.kind}`);
          situation = { ...situation, reached: step.to };
        }
      }),
    );
  });
});
