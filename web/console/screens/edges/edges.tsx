/** The edges: what each holds against what it should hold, how fast it gets there, how it fares; enrolment and revocation. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { z } from 'zod';
import { Edge, EdgeState, listEdges, revokeEdge, rotateClearanceKeys } from '../../../../contract/routes/edges.ts';
import { getStatus } from '../../../../contract/routes/house.ts';
import { ask, useAct } from '../../api/queries.ts';
import { rate, whole } from '../../format/number.ts';
import { duration } from '../../format/time.ts';
import { Badge } from '../../parts/badge.tsx';
import type { Tone } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { ConfirmByTyping } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Filter, FilterBar, SearchBox } from '../../parts/filters.tsx';
import { notify } from '../../parts/notices.tsx';
import { Empty, Panel, Screen, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { withWord } from '../../search.ts';
import { useCan } from '../../shell/me.ts';
import { edges as words } from '../../words/en/edges.ts';
import { rollouts as rolloutWords } from '../../words/en/rollouts.ts';
import { language, say } from '../../words/index.ts';
import { EnrolDialog } from './enrol.tsx';
import { Relays, ThroughRelay } from './relays.tsx';
import { ChangeEdge, Rollouts } from './rollouts.tsx';

type OneEdge = z.infer<typeof Edge>;

const api = getRouteApi('/in/edges');
const tones: Readonly<Record<z.infer<typeof EdgeState>, Tone>> = {
  current: 'good',
  behind: 'waiting',
  away: 'alarm',
  'never-seen': 'off',
  revoked: 'off',
};
const haproxyTones = { up: 'good', reloading: 'waiting', down: 'alarm' } as const;

export function EdgesScreen() {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/edges' });
  const can = useCan();
  const mayWrite = can('edges:write');
  const answer = useQuery(ask(listEdges));
  const [enrolling, setEnrolling] = useState(false);
  const set = useMemo(
    () => (name: 'search' | 'state' | 'group') => (value: string) =>
      void navigate({ search: (old) => withWord(old, name, value), replace: true }),
    [navigate],
  );
  const onSearch = useMemo(() => set('search'), [set]);
  const wanted = search.search?.toLowerCase();
  const all = answer.data?.items;
  const groups = [...new Set(all?.map(({ group }) => group) ?? [])].sort();
  const shown = all?.filter(
    (edge) =>
      (search.state === undefined || edge.state === search.state) &&
      (search.group === undefined || edge.group === search.group) &&
      (wanted === undefined || textOf(edge).includes(wanted)),
  );
  const enrol = mayWrite ? (
    <Button kind="primary" onClick={() => setEnrolling(true)} data-new>
      {words.enrol.act}
    </Button>
  ) : undefined;

  return (
    <Screen title={words.title} acts={enrol}>
      <Propagation />
      <FilterBar shown={shown === undefined || all === undefined ? null : say.list.shown(shown.length, all.length, words.what)}>
        <SearchBox value={search.search ?? ''} label={words.search} onSearch={onSearch} />
        <Filter
          label={words.filter.state}
          value={search.state ?? ''}
          onPick={set('state')}
          options={EdgeState.options.map((value) => ({ value, label: words.state[value] }))}
        />
        {groups.length > 1 ? (
          <Filter
            label={words.filter.group}
            value={search.group ?? ''}
            onPick={set('group')}
            options={groups.map((value) => ({ value, label: value }))}
          />
        ) : null}
      </FilterBar>
      <Failure error={answer.error} onRetry={() => void answer.refetch()} />
      {shown === undefined ? (
        answer.error === null ? (
          <Waiting />
        ) : null
      ) : shown.length > 0 ? (
        <EdgeTable edges={shown} mayWrite={mayWrite} />
      ) : Object.keys(search).length > 0 ? (
        <Empty
          title={say.list.nothingFits}
          act={<Button onClick={() => void navigate({ search: {}, replace: true })}>{say.act.clearFilters}</Button>}
        >
          <p>{say.list.nothingFitsHelp}</p>
        </Empty>
      ) : (
        <Empty title={words.empty.title} act={enrol}>
          <p>{words.empty.text}</p>
        </Empty>
      )}
      <Rollouts mayWrite={mayWrite} />
      <Relays mayWrite={mayWrite} />
      {can('keys:rotate') ? <ClearanceKeys /> : null}
      {enrolling ? <EnrolDialog onClose={() => setEnrolling(false)} /> : null}
    </Screen>
  );
}

function Propagation() {
  const can = useCan();
  const status = useQuery({ ...ask(getStatus), enabled: can('status:read') });
  const groups = status.data?.groups ?? [];
  if (groups.length === 0) return null;
  const heads = words.groups;
  return (
    <div className="group-numbers">
      {groups.map((group) => (
        <dl key={group.group} className="numbers" aria-label={`${heads.title}: ${group.group}`}>
          <Number name={heads.group}>{group.group}</Number>
          <Number name={heads.head}>{whole(group.head, language)}</Number>
          <Number name={heads.current}>{heads.of(group.current, group.edges)}</Number>
          <Number name={heads.p50}>{ms(group.p50Ms)}</Number>
          <Number name={heads.p99}>{ms(group.p99Ms)}</Number>
        </dl>
      ))}
    </div>
  );
}

function Number({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function EdgeTable({ edges, mayWrite }: { edges: readonly OneEdge[]; mayWrite: boolean }) {
  const heads = words.columns;
  const columns = [
    { key: 'edge', head: heads.edge },
    { key: 'state', head: heads.state },
    { key: 'revision', head: heads.revision, align: 'end' as const },
    { key: 'applied', head: <span title={heads.appliedHelp}>{heads.applied}</span>, align: 'end' as const },
    { key: 'health', head: heads.health },
    { key: 'rate', head: heads.rate, align: 'end' as const },
    { key: 'drift', head: heads.drift, align: 'end' as const },
    { key: 'seen', head: heads.seen },
    ...(mayWrite ? [{ key: 'acts', head: <span className="unseen">{heads.acts}</span> }] : []),
  ];
  return (
    <Table caption={words.title} columns={columns}>
      {edges.map((edge) => (
        <EdgeRow key={edge.edgeId} edge={edge} mayWrite={mayWrite} />
      ))}
    </Table>
  );
}

function EdgeRow({ edge, mayWrite }: { edge: OneEdge; mayWrite: boolean }) {
  const [asking, setAsking] = useState(false);
  const [changing, setChanging] = useState(false);
  const can = useCan();
  const status = useQuery({ ...ask(getStatus), enabled: can('status:read') });
  const revoke = useAct(revokeEdge, [listEdges, getStatus]);
  const ours = status.data?.version;
  const skewed = ours !== undefined && edge.agentVersion !== null && edge.agentVersion !== ours;
  const behind = edge.head - edge.revision;
  const { health } = edge;
  return (
    <tr>
      <td>
        <span className="row-link" data-row tabIndex={-1}>
          {edge.name}
        </span>
        <span className="sub">
          {edge.group}
          {edge.agentVersion === null ? null : ` · ${words.version(edge.agentVersion)}`}
        </span>
        {skewed && edge.state !== 'revoked' ? <span className="sub">{words.skew(ours)}</span> : null}
        {edge.canary === true ? <Badge tone="off">{words.canary}</Badge> : null}
        {edge.relayId === undefined ? null : <ThroughRelay relayId={edge.relayId} />}
      </td>
      <td>
        <Badge tone={tones[edge.state]}>{words.state[edge.state]}</Badge>
        {edge.lastNack === null ? null : (
          <span className="sub nack" title={edge.lastNack.detail}>
            {words.nack(whole(edge.lastNack.revision, language), edge.lastNack.reason)}
          </span>
        )}
      </td>
      <td data-align="end">
        {whole(edge.revision, language)}
        {behind > 0 ? (
          <span className="sub no-wrap" title={words.headIs(whole(edge.head, language))}>
            {words.behindBy(whole(behind, language))}
          </span>
        ) : null}
      </td>
      <td data-align="end">
        {ms(edge.applyP50Ms)} / {ms(edge.applyP99Ms)}
      </td>
      <td>
        {health === null ? (
          words.unknown
        ) : (
          <>
            <Badge tone={haproxyTones[health.haproxy]}>{words.haproxy[health.haproxy]}</Badge>{' '}
            {edge.haproxyVersion === null ? null : <span title={edge.haproxyVersion}>{edge.haproxyVersion.split('-')[0]}</span>}
            <span className="sub">{words.servesSites(whole(health.sites, language), whole(health.connections, language))}</span>
            {edge.networkData === null ? null : (
              <span className="sub">{words.networkData(edge.networkData.countries, edge.networkData.asns)}</span>
            )}
          </>
        )}
      </td>
      <td data-align="end">
        {health === null ? (
          words.unknown
        ) : (
          <>
            {rate(health.requestsPerSecond, language)}
            <span className="unit">{say.units.perSecond}</span>
          </>
        )}
      </td>
      <td data-align="end">{health === null ? words.unknown : words.times(health.driftRepairs)}</td>
      <td>{edge.lastSeenAt === null ? words.unknown : <When at={edge.lastSeenAt} />}</td>
      {mayWrite ? (
        <td data-align="end">
          {edge.state === 'revoked' ? null : (
            <>
              <Button kind="quiet" onClick={() => setChanging(true)} aria-label={rolloutWords.edge.title(edge.name)}>
                {rolloutWords.edge.act}
              </Button>
              <Button kind="quiet" onClick={() => setAsking(true)} aria-label={words.revoke.title(edge.name)}>
                {words.revoke.act}
              </Button>
            </>
          )}
          {changing ? <ChangeEdge edge={edge} onClose={() => setChanging(false)} /> : null}
          {asking ? (
            <ConfirmByTyping
              title={words.revoke.title(edge.name)}
              name={edge.name}
              action={words.revoke.act}
              busy={revoke.isPending}
              failure={revoke.error}
              onClose={() => setAsking(false)}
              onConfirm={() =>
                revoke.mutate(
                  { params: { edgeId: edge.edgeId } },
                  {
                    onSuccess: () => {
                      setAsking(false);
                      notify(words.revoke.done(edge.name));
                    },
                  },
                )
              }
            >
              <p>{words.revoke.help}</p>
            </ConfirmByTyping>
          ) : null}
        </td>
      ) : null}
    </tr>
  );
}

function ClearanceKeys() {
  const rotate = useAct(rotateClearanceKeys, [getStatus]);
  return (
    <Panel title={words.keys.title}>
      <div className="stack">
        <p className="prose">{words.keys.help}</p>
        <Failure error={rotate.error} />
        <Button
          busy={rotate.isPending}
          onClick={() =>
            rotate.mutate(
              { body: {} },
              { onSuccess: (keys) => notify(words.keys.done(keys.current, whole(keys.revision, language))) },
            )
          }
        >
          {words.keys.act}
        </Button>
      </div>
    </Panel>
  );
}

function ms(value: number | null): string {
  return value === null ? words.unknown : duration(value, language);
}

function textOf(edge: OneEdge): string {
  return [edge.name, edge.group, edge.agentVersion ?? '', edge.haproxyVersion ?? ''].join(' ').toLowerCase();
}
