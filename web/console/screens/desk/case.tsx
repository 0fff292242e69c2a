/**
 * One case in three columns: what is known; how it is judged and what was decided; what is due and for whom. Each column flows by itself.
 *
 * With two columns the last stands under the first; a narrow screen has one, and links to its panels. Nothing here holds a count of reports before the grade is locked: the server withholds it.
 */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { CaseId } from '../../../../contract/ids.ts';
import { getCase } from '../../../../contract/routes/desk/cases.ts';
import type { Case } from '../../../../contract/routes/desk/cases.ts';
import { ask } from '../../api/queries.ts';
import { Failure } from '../../parts/failure.tsx';
import { Screen, Waiting } from '../../parts/screen.tsx';
import { Exactly, When } from '../../parts/when.tsx';
import { NotFound } from '../../shell/lost.tsx';
import { useCan, useMe } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { desk } from '../../words/en/desk.ts';
import { CaseActs } from './case-acts.tsx';
import { Decisions } from './decisions.tsx';
import { EvidencePanel } from './evidence.tsx';
import { Incidents } from './incidents.tsx';
import { CaseStateBadge, Due, GradeMark, LaneBadge } from './parts.tsx';
import { Reports } from './reports.tsx';
import { Notices } from './owner-notices.tsx';
import { Clocks, Links, Notes, VolumePanel } from './side.tsx';
import { Targets } from './targets.tsx';
import { Tasks } from './tasks.tsx';
import '../../look/desk.css';

const Escalation = lazy(() => import('./escalation.tsx'));
const Aftermath = lazy(() => import('./aftermath.tsx'));

const api = getRouteApi('/in/desk/cases/$caseId');

export function CaseScreen() {
  const caseId = CaseId.safeParse(api.useParams().caseId);
  return caseId.success ? <CaseById caseId={caseId.data} /> : <NotFound />;
}

function CaseById({ caseId }: { caseId: CaseId }) {
  const answer = useQuery(ask(getCase, { params: { caseId } }));
  const trail = <Link to="/desk">{desk.title}</Link>;
  if (answer.data === undefined) {
    return (
      <Screen title={desk.title} trail={trail}>
        {answer.error === null ? <Waiting /> : <Failure error={answer.error} onRetry={() => void answer.refetch()} />}
      </Screen>
    );
  }
  const held = answer.data;
  return (
    <Screen
      wide
      title={`${held.number}: ${held.title}`}
      trail={trail}
      lead={<Lead held={held} />}
      acts={<CaseActs held={held} />}
    >
      <Standing held={held} />
      <Jumps />
      <div className="case">
        <div>
          <EvidencePanel held={held} />
          <Reports held={held} />
        </div>
        <div>
          <Incidents held={held} />
          <Suspense fallback={<Waiting />}>
            <Escalation caseId={held.caseId} />
          </Suspense>
          <Decisions held={held} />
          <Notices held={held} />
          <Suspense fallback={null}>
            <Aftermath held={held} />
          </Suspense>
        </div>
        <div>
          <Clocks held={held} />
          <Tasks held={held} />
          <Targets held={held} />
          <VolumePanel held={held} />
          <Notes held={held} />
          <Links held={held} />
        </div>
      </div>
    </Screen>
  );
}

/** Where the panels stand one under another, a way to each of them. */
function Jumps() {
  return (
    <nav className="jumps" aria-label={caseWords.jumps.label}>
      {(['evidence', 'incidents', 'decisions', 'clocks', 'tasks', 'people', 'notes'] as const).map((id) => (
        <a key={id} href={`#${id}`}>
          {caseWords.jumps[id]}
        </a>
      ))}
    </nav>
  );
}

function Lead({ held }: { held: Case }) {
  const me = useMe();
  const can = useCan();
  const site =
    held.siteId !== null && can('sites:read') ? (
      <Link to="/sites/$siteId" params={{ siteId: held.siteId }}>
        {held.siteName}
      </Link>
    ) : (
      held.siteName || held.hostname || caseWords.unlisted
    );
  return (
    <>
      {site} · {desk.class[held.class]} · {caseWords.facts.opened} <When at={held.openedAt} focusable />
      {held.lead === null ? null : ` · ${caseWords.facts.lead}: ${held.lead.name}`}
      <div className="site-states">
        <LaneBadge lane={held.lane} />
        <CaseStateBadge state={held.state} />
        <GradeMark grade={held.grade} />
        <Due due={held.due} named />
        {held.claim === null ? null : (
          <span>
            {desk.queue.columns.claim}: {held.claim.by.personId === me.personId ? desk.queue.you : held.claim.by.name}{' '}
            <span className="hint">
              {desk.queue.until} <When at={held.claim.until} focusable />
            </span>
          </span>
        )}
      </div>
      {held.laneReason === null ? null : (
        <p className="hint">
          {caseWords.facts.laneReason}: {held.laneReason}
        </p>
      )}
      {held.recheckAt === null ? null : (
        <p className="hint">
          {caseWords.facts.recheck}: <Exactly at={held.recheckAt} />
        </p>
      )}
      {held.lawEnforcementAt === null ? null : (
        <p className="hint">
          {caseWords.facts.police}: <Exactly at={held.lawEnforcementAt} />
        </p>
      )}
    </>
  );
}

/** What one has to know before reading on. */
function Standing({ held }: { held: Case }) {
  return (
    <div className="standing">
      {held.class === 'child-abuse' ? (
        <p className="note" data-tone="alarm">
          {caseWords.stay.childAbuse}
        </p>
      ) : null}
      {held.mergedInto === null ? null : (
        <p className="note" data-tone="caution">
          {caseWords.stay.merged}{' '}
          <Link to="/desk/cases/$caseId" params={{ caseId: held.mergedInto }}>
            {caseWords.acts.other}
          </Link>
        </p>
      )}
      {held.state === 'provisional' ? (
        <p className="note" data-tone="caution">
          {caseWords.stay.provisional}
        </p>
      ) : null}
      {held.gradeLockedAt === null ? <p className="note">{caseWords.stay.blind}</p> : null}
    </div>
  );
}
