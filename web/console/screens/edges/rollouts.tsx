/**
 * Groups and rollouts below the table of edges: plans, the stop switch, how far each slow change is, what it waits for; and where an edge belongs.
 * Not here: the form for a plan (plan.tsx).
 */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { z } from 'zod';
import { GroupName, SiteId } from '../../../../contract/ids.ts';
import type { Edge } from '../../../../contract/routes/edges.ts';
import { listEdges } from '../../../../contract/routes/edges.ts';
import { getStatus } from '../../../../contract/routes/house.ts';
import {
  changeEdge,
  createGroup,
  hurryRollout,
  listGroups,
  listRollouts,
  resumeRollouts,
  rollBackRollout,
  stopRollouts,
} from '../../../../contract/routes/rollouts.ts';
import type { EdgeGroup, Rollout } from '../../../../contract/routes/rollouts.ts';
import { getSite } from '../../../../contract/routes/sites.ts';
import { ask, useAct } from '../../api/queries.ts';
import { whole } from '../../format/number.ts';
import { Badge } from '../../parts/badge.tsx';
import type { Tone } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { AskReason, FormDialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { CheckField, SelectField, TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { rollouts as words } from '../../words/en/rollouts.ts';
import { language } from '../../words/index.ts';
import { ChangePlan } from './plan.tsx';

const tones: Readonly<Record<Rollout['state'], Tone>> = {
  running: 'waiting',
  done: 'good',
  'rolled-back': 'alarm',
  superseded: 'off',
};
/** As many of the newest are shown; all are on the command line. */
const shownRollouts = 20;

export function Rollouts({ mayWrite }: { mayWrite: boolean }) {
  const groups = useQuery(ask(listGroups));
  const rollouts = useQuery(ask(listRollouts, { query: { limit: shownRollouts } }));
  const [making, setMaking] = useState(false);
  const items = groups.data?.items ?? [];
  if (items.length === 0) return <Failure error={groups.error} />;
  const heads = words.groups.columns;
  const columns = [
    { key: 'group', head: heads.group },
    { key: 'edges', head: heads.edges, align: 'end' as const },
    { key: 'plan', head: heads.plan },
    { key: 'state', head: heads.state },
    ...(mayWrite ? [{ key: 'acts', head: <span className="unseen">{heads.acts}</span> }] : []),
  ];
  return (
    <>
      <Panel
        title={words.groups.title}
        acts={mayWrite ? <Button onClick={() => setMaking(true)}>{words.create.act}</Button> : undefined}
      >
        <div className="stack">
          <p className="prose">{words.groups.help}</p>
          <Table caption={words.groups.title} columns={columns}>
            {items.map((group) => (
              <GroupRow key={group.group} group={group} mayWrite={mayWrite} />
            ))}
          </Table>
        </div>
      </Panel>
      <Failure error={rollouts.error} />
      {rollouts.data === undefined || rollouts.data.items.length === 0 ? null : (
        <RolloutTable items={rollouts.data.items} mayWrite={mayWrite} />
      )}
      {making ? <MakeGroup onClose={() => setMaking(false)} /> : null}
    </>
  );
}

function GroupRow({ group: one, mayWrite }: { group: EdgeGroup; mayWrite: boolean }) {
  const { group, title, edges, canaries, stopped } = one;
  const [asking, setAsking] = useState(false);
  const [planning, setPlanning] = useState(false);
  const stop = useAct(stopRollouts, [listGroups, listRollouts]);
  const resume = useAct(resumeRollouts, [listGroups, listRollouts]);
  const params = { group };
  return (
    <tr>
      <td>
        {group}
        {title === null ? null : <span className="sub">{title}</span>}
      </td>
      <td data-align="end">
        {whole(edges, language)}
        {canaries === 0 ? null : <span className="sub no-wrap">{words.groups.canaries(canaries)}</span>}
      </td>
      <td>{canaries === 0 ? words.groups.atOnce : words.groups.plan(one.canaryBakeSeconds, one.waves, one.waveBakeSeconds)}</td>
      <td>
        {stopped === null ? (
          one.rolloutsRunning === 0 ? (
            words.groups.quiet
          ) : (
            <Badge tone="waiting">{words.groups.running(one.rolloutsRunning)}</Badge>
          )
        ) : (
          <>
            <Badge tone="alarm">{words.groups.stopped}</Badge>
            <span className="sub">
              {words.groups.stoppedBy(stopped.by, stopped.reason)}, <When at={stopped.at} />
            </span>
          </>
        )}
        <Failure error={resume.error} />
      </td>
      {mayWrite ? (
        <td data-align="end">
          <Button kind="quiet" onClick={() => setPlanning(true)} aria-label={words.plan.heading(group)}>
            {words.plan.act}
          </Button>
          {planning ? <ChangePlan group={one} onClose={() => setPlanning(false)} /> : null}
          {stopped === null ? (
            <Button kind="quiet" onClick={() => setAsking(true)} aria-label={words.stop.title(group)}>
              {words.stop.act}
            </Button>
          ) : (
            <Button
              kind="quiet"
              busy={resume.isPending}
              aria-label={words.resume.title(group)}
              onClick={() => resume.mutate({ params }, { onSuccess: () => notify(words.resume.done(group)) })}
            >
              {words.resume.act}
            </Button>
          )}
          {asking ? (
            <AskReason
              title={words.stop.title(group)}
              label={words.stop.label}
              hint={words.stop.hint}
              action={words.stop.act}
              kind="danger"
              least={3}
              busy={stop.isPending}
              failure={stop.error}
              onClose={() => setAsking(false)}
              onConfirm={(reason) =>
                stop.mutate(
                  { params, body: { reason } },
                  {
                    onSuccess: () => {
                      setAsking(false);
                      notify(words.stop.done(group));
                    },
                  },
                )
              }
            >
              <p>{words.stop.help}</p>
            </AskReason>
          ) : null}
        </td>
      ) : null}
    </tr>
  );
}

function RolloutTable({ items, mayWrite }: { items: readonly Rollout[]; mayWrite: boolean }) {
  const heads = words.list;
  const columns = [
    { key: 'what', head: heads.what },
    { key: 'group', head: heads.group },
    { key: 'state', head: heads.state },
    { key: 'steps', head: heads.steps, align: 'end' as const },
    { key: 'began', head: heads.began },
    ...(mayWrite ? [{ key: 'acts', head: <span className="unseen">{heads.acts}</span> }] : []),
  ];
  return (
    <Panel title={heads.title}>
      <Table caption={heads.title} columns={columns}>
        {items.map((rollout) => (
          <RolloutRow key={rollout.rolloutId} rollout={rollout} mayWrite={mayWrite} />
        ))}
      </Table>
    </Panel>
  );
}

function RolloutRow({ rollout, mayWrite }: { rollout: Rollout; mayWrite: boolean }) {
  const { rolloutId, state, note } = rollout;
  const [asking, setAsking] = useState(false);
  const back = useAct(rollBackRollout, [listRollouts, listGroups]);
  const hurry = useAct(hurryRollout, [listRollouts, listGroups]);
  const params = { rolloutId };
  return (
    <tr>
      <td>
        {rollout.items.map((item) => (
          <span key={item} className="sub">
            <ItemName item={item} />
          </span>
        ))}
      </td>
      <td>{rollout.group}</td>
      <td>
        <Badge tone={tones[state]}>{words.state[state]}</Badge>
        {note === null ? null : <span className="sub">{note}</span>}
        <Failure error={hurry.error} />
      </td>
      <td data-align="end">{words.list.of(rollout.reached, rollout.lanes)}</td>
      <td>
        <When at={rollout.createdAt} />
      </td>
      {mayWrite ? (
        <td data-align="end">
          {state === 'running' ? (
            <>
              <Button
                kind="quiet"
                busy={hurry.isPending}
                aria-label={words.skip.title(rolloutId)}
                onClick={() => hurry.mutate({ params }, { onSuccess: () => notify(words.skip.done) })}
              >
                {words.skip.act}
              </Button>
              <Button kind="quiet" aria-label={words.back.title(rolloutId)} onClick={() => setAsking(true)}>
                {words.back.act}
              </Button>
            </>
          ) : null}
          {asking ? (
            <AskReason
              title={words.back.title(rolloutId)}
              label={words.back.label}
              hint={words.back.hint}
              action={words.back.act}
              kind="danger"
              least={3}
              busy={back.isPending}
              failure={back.error}
              onClose={() => setAsking(false)}
              onConfirm={(reason) =>
                back.mutate(
                  { params, body: { reason } },
                  {
                    onSuccess: () => {
                      setAsking(false);
                      notify(words.back.done);
                    },
                  },
                )
              }
            >
              <p>{words.back.help}</p>
            </AskReason>
          ) : null}
        </td>
      ) : null}
    </tr>
  );
}

/** What an item of policy is to people: a site by its name, as a link. */
function ItemName({ item }: { item: string }) {
  const siteId = SiteId.safeParse(item.replace(/^site:/, ''));
  if (siteId.success) return <SiteName siteId={siteId.data} />;
  return item === 'provider' ? words.list.provider : item;
}

function SiteName({ siteId }: { siteId: SiteId }) {
  const site = useQuery(ask(getSite, { params: { siteId } }));
  return (
    <Link to="/sites/$siteId" params={{ siteId }}>
      {site.data?.name ?? siteId}
    </Link>
  );
}

function MakeGroup({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [mistake, setMistake] = useState<string | null>(null);
  const make = useAct(createGroup, [listGroups, getStatus]);
  return (
    <FormDialog
      title={words.create.title}
      action={words.create.act}
      busy={make.isPending}
      failure={make.error}
      mistakes={mistake === null ? [] : [{ path: 'group', message: mistake }]}
      onClose={onClose}
      onSubmit={() => {
        const group = GroupName.safeParse(name.trim());
        setMistake(group.success ? null : (group.error.issues[0]?.message ?? ''));
        if (!group.success) return;
        make.mutate(
          { body: { group: group.data } },
          {
            onSuccess: () => {
              notify(words.create.done(group.data));
              onClose();
            },
          },
        );
      }}
    >
      <TextField
        label={words.create.name}
        hint={words.create.nameHint}
        path="group"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
    </FormDialog>
  );
}

/** The form that renames an edge, moves it, makes it a canary. */
export function ChangeEdge({ edge, onClose }: { edge: z.infer<typeof Edge>; onClose: () => void }) {
  const groups = useQuery(ask(listGroups));
  const [name, setName] = useState(edge.name);
  const [group, setGroup] = useState<string>(edge.group);
  const [canary, setCanary] = useState(edge.canary === true);
  const change = useAct(changeEdge, [listEdges, listGroups]);
  const names = groups.data?.items.map((one) => one.group) ?? [edge.group];
  return (
    <FormDialog
      title={words.edge.title(edge.name)}
      action={words.edge.submit}
      busy={change.isPending}
      failure={change.error}
      disabled={name.trim() === ''}
      onClose={onClose}
      onSubmit={() =>
        change.mutate(
          {
            params: { edgeId: edge.edgeId },
            body: {
              ...(name.trim() === edge.name ? {} : { name: name.trim() }),
              ...(group === edge.group ? {} : { group: GroupName.parse(group) }),
              ...(canary === (edge.canary === true) ? {} : { canary }),
            },
          },
          {
            onSuccess: () => {
              notify(words.edge.done(name.trim()));
              onClose();
            },
          },
        )
      }
    >
      <TextField label={words.edge.name} path="name" value={name} onChange={(event) => setName(event.target.value)} />
      <SelectField
        label={words.edge.group}
        hint={words.edge.groupHint}
        path="group"
        value={group}
        onChange={(event) => setGroup(event.target.value)}
      >
        {names.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </SelectField>
      <CheckField
        label={words.edge.canary}
        hint={words.edge.canaryHint}
        checked={canary}
        onChange={(event) => setCanary(event.target.checked)}
      />
    </FormDialog>
  );
}
