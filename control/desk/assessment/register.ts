/** The routes of contract/routes/desk/assessments.ts, served: incidents, grades, and the chart of the escalation monitor. */
import * as contract from '../../../contract/routes/desk/assessments.ts';
import type { IncidentId, PersonId } from '../../../contract/ids.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { assessmentsOf } from '../../../store/desk/assessments.ts';
import { findIncident } from '../../../store/desk/incidents.ts';
import { notFound } from '../../http/failure.ts';
import { registerRoute } from '../../http/register.ts';
import type { App, RouteDeps } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase } from '../names.ts';
import { chartOf } from './chart.ts';
import { addIncident, assess, lockNoThreat, retractIncident, suggest } from './service.ts';
import { viewIncident } from './view.ts';

export type AssessmentRouteDeps = RouteDeps & Pick<DeskDeps, 'store' | 'now' | 'outbox' | 'seal'>;

export function registerAssessment(app: App, deps: AssessmentRouteDeps): readonly Job[] {
  const { db } = deps.store;
  const view = async (incidentId: IncidentId, callerId: PersonId) => {
    const incident = await findIncident(db, incidentId);
    if (incident === null) throw notFound('incident');
    const names = await namesOfCase(db, deps.seal, incident.case_id);
    return viewIncident(incident, await assessmentsOf(db, [incidentId]), callerId, (text) => redact(text, names));
  };

  registerRoute(app, deps, contract.addIncident, async ({ params, body, caller }) =>
    view(await addIncident(deps, caller, params.caseId, body), caller.personId),
  );
  registerRoute(app, deps, contract.retractIncident, async ({ params, body, caller }) => {
    await retractIncident(deps, caller, params.incidentId, body.why);
    return view(params.incidentId, caller.personId);
  });
  registerRoute(app, deps, contract.suggestGrade, async ({ params, body }) => suggest(deps, params.incidentId, body));
  registerRoute(app, deps, contract.assess, async ({ params, body, caller }) => {
    await assess(deps, caller, params.incidentId, body);
    return view(params.incidentId, caller.personId);
  });
  registerRoute(app, deps, contract.lockNoThreat, async ({ params, body, caller }) =>
    lockNoThreat(deps, caller, params.caseId, body.reason),
  );
  registerRoute(app, deps, contract.getEscalation, async ({ params, query }) => chartOf(deps, params.caseId, query.days));
  return [];
}
