/**
 * From a case to the edge and back: a fresh installation decides on its first day, the edge holds and signs, an appeal by somebody else lifts.
 *
 * Through the API of a whole control plane with a scripted edge. The rules of each step are tested beside their code (control/desk/decisions).
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OrderId } from '../../contract/ids.ts';
import { OrderId as OrderIdSchema, Instant } from '../../contract/ids.ts';
import { ItemKey } from '../../contract/policy.ts';
import { LadderStep, Limb } from '../../contract/desk/words.ts';
import { lockNoThreat } from '../../contract/routes/desk/assessments.ts';
import { getCase, openCase } from '../../contract/routes/desk/cases.ts';
import * as decisions from '../../contract/routes/desk/decisions.ts';
import { addEvidence } from '../../contract/routes/desk/evidence.ts';
import { addSite } from '../../contract/routes/sites.ts';
import type { Api } from '../harness/api.ts';
import { startControlHouse } from '../harness/control-house.ts';
import type { ControlHouse } from '../harness/control-house.ts';
import { removeFolder, temporaryFolder, until } from '../harness/ports.ts';
import { embeddedAddress } from '../harness/stores.ts';

const folder = temporaryFolder('decision-at-the-edge');
let house: ControlHouse;
let analyst: Api;
let appeals: Api;

beforeAll(async () => {
  house = await startControlHouse(await embeddedAddress(folder));
  analyst = await house.person('Ada Analyst', ['analyst']);
  appeals = await house.person('Abe Appeals', ['appeals']);
});
afterAll(async () => {
  await house?.stop();
  removeFolder(folder);
});

/** A case about phishing on a site, with one item, graded as no threat to anybody. */
async function gradedCase() {
  const body = { hostnames: ['shop.example'], origin: 'http://192.0.2.7', waiveOwnership: true };
  const { siteId } = await house.operator().call(addSite, { body });
  const { caseId } = await analyst.call(openCase, {
    body: { title: 'A false sign-in page', class: 'phishing', siteId, reason: 'Seen by ourselves.' },
  });
  const params = { caseId };
  const { evidenceId } = await analyst.call(addEvidence, {
    params,
    body: { kind: 'text', title: 'What the page asks', text: 'It asks for the password of a bank.' },
  });
  await analyst.call(lockNoThreat, { params, body: { reason: 'Nobody is threatened by this page.' } });
  return { caseId, evidenceId };
}

it('is decided by two, held and signed by the edge, shown as enforced, and lifted by the appeal of a third', async () => {
  const edge = await house.edge();
  const { caseId, evidenceId } = await gradedCase();
  const { items } = await house.stranger().call(decisions.listCriteria);
  const step = 'notice-on-path' as const;
  const proposed = await analyst.call(decisions.proposeDecision, {
    params: { caseId },
    body: {
      kind: 'measure',
      step,
      limbs: Limb.options.map((limb) =>
        limb === 'criteria-before-case'
          ? { limb, finding: 'met' as const, reason: 'Published at the first start.', evidence: [] }
          : { limb, finding: 'not-met' as const, reason: 'Nobody’s life is in danger here.' },
      ),
      whyNotBelow: LadderStep.options
        .slice(0, LadderStep.options.indexOf(step))
        .map((below) => ({ step: below, why: 'The owner does not answer.' })),
      measure: { endsAt: Instant.parse(new Date(house.now() + 86_400_000).toISOString()), path: '/sign-in' },
      evidence: [evidenceId],
      policyVersionId: items[0]?.policyVersionId ?? '',
      publicReason: 'This part of the site asks for the passwords of a bank’s customers.',
      internalReason: 'Reported by nobody; we saw it ourselves.',
    },
  });
  const orderId: OrderId = OrderIdSchema.parse(proposed.orderId);
  const key = ItemKey.parse(`order:${orderId}`);
  expect(edge.items.has(key)).toBe(false);
  const { decisionId } = await house.lead().call(decisions.confirmDecision, { params: { decisionId: proposed.decisionId } });
  await until('the edge holds the order', () => edge.items.has(key));
  edge.say({ kind: 'receipt', receipt: edge.receipt(orderId, 'enforced') });
  const stateIs = (state: string) =>
    until(`the case is ${state}`, async () => (await analyst.call(getCase, { params: { caseId } })).state === state, {
      timeoutMs: 15_000,
    });
  await stateIs('enforced');
  const [shown] = (await analyst.call(decisions.listDecisions, { params: { caseId } })).items;
  expect(shown?.receipts).toMatchObject({ expected: 1, enforced: 1 });

  const { appealId } = await analyst.call(decisions.enterAppeal, {
    params: { decisionId },
    body: { by: 'target', text: 'The page is gone since this morning.' },
  });
  await appeals.call(decisions.takeAppeal, { params: { appealId } });
  await appeals.call(decisions.decideAppeal, {
    params: { appealId },
    body: { outcome: 'reversed', reasons: 'We looked at the page once more; it is gone.' },
  });
  await until('the edge is without the order', () => !edge.items.has(key));
  await stateIs('ended');
  const page = await (await fetch(`${house.url()}/decisions/${shown?.number}`)).text();
  expect(page).toContain('Appealed and reversed.');
  expect(page).not.toContain('Reported by nobody');
  expect(edge.failure).toBeNull();
});
