/** One attack: what it was seen by, its requests over time and by edge, what happened, notes; and a person's last word on it. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import type { Attack, AttackRecord } from '../../../../contract/attacks.ts';
import { AttackId } from '../../../../contract/ids.ts';
import {
  actOnAttack,
  AttackAct,
  getAttack,
  getAttackRecord,
  listAttacks,
  noteAttack,
} from '../../../../contract/routes/attacks.ts';
import { getSite, listSites } from '../../../../contract/routes/sites.ts';
import { ask, useAct } from '../../api/queries.ts';
import { whole } from '../../format/number.ts';
import { Button } from '../../parts/button.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { TextArea, WithMistakes } from '../../parts/field.tsx';
import { Panel, Screen, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { Exactly, When } from '../../parts/when.tsx';
import { NotFound } from '../../shell/lost.tsx';
import { useCan } from '../../shell/me.ts';
import { attacks as words } from '../../words/en/attacks.ts';
import { sites } from '../../words/en/sites.ts';
import { language } from '../../words/index.ts';
import { StateBadge } from './attack-list.tsx';
import { AttackRequests } from './attack-requests.tsx';

const api = getRouteApi('/in/attacks/$attackId');
const touched = [listAttacks, getAttack, getAttackRecord, getSite, listSites];

export function AttackScreen() {
  const attackId = AttackId.safeParse(api.useParams().attackId);
  return attackId.success ? <AttackById attackId={attackId.data} /> : <NotFound />;
}

function AttackById({ attackId }: { attackId: AttackId }) {
  const record = useQuery({ ...ask(getAttackRecord, { params: { attackId } }), refetchInterval: 10_000 });
  if (record.data === undefined) {
    return (
      <Screen title={words.title} trail={<Link to="/attacks">{sites.attacks.all}</Link>}>
        {record.error === null ? <Waiting /> : <Failure error={record.error} onRetry={() => void record.refetch()} />}
      </Screen>
    );
  }
  return <AttackView record={record.data} />;
}

function AttackView({ record }: { record: AttackRecord }) {
  const { attack } = record;
  const can = useCan();
  const act = useAct(actOnAttack, touched);
  const trail = (
    <Link to="/sites/$siteId" params={{ siteId: attack.siteId }} search={{ tab: 'attacks' }}>
      {attack.siteName}
    </Link>
  );
  const fits = (option: AttackAct) =>
    option === 'switch-on' ? attack.state === 'suggested' : option === 'widen' ? attack.path !== null : true;
  const acts =
    attack.state === 'ended' || !can('sites:write')
      ? undefined
      : AttackAct.options.filter(fits).map((option) => (
          <Button
            key={option}
            kind={option === 'switch-on' ? 'primary' : 'plain'}
            busy={act.isPending}
            onClick={() => act.mutate({ params: { attackId: attack.attackId }, body: { act: option } })}
          >
            {words.act[option]}
          </Button>
        ));
  return (
    <Screen title={words.one(attack.siteName)} trail={trail} lead={<StateBadge state={attack.state} />} acts={acts}>
      <Failure error={act.error} />
      {acts === undefined ? null : <p className="hint panel-help">{words.actHelp}</p>}
      <Panel title={words.about}>
        <About attack={attack} />
      </Panel>
      <Panel title={words.requests}>
        <AttackRequests record={record} />
      </Panel>
      <Panel title={words.edges}>
        <Edges record={record} />
      </Panel>
      <Panel title={words.record}>
        <div className="stack">
          <Entries record={record} />
          {can('sites:write') ? <AddNote attackId={attack.attackId} /> : null}
        </div>
      </Panel>
    </Screen>
  );
}

function About({ attack }: { attack: Attack }) {
  const { facts } = words;
  const { signals } = attack;
  const at = (when: Attack['endedAt'], who: Attack['endedBy'], none: string) =>
    when === null ? (
      none
    ) : (
      <>
        <When at={when} focusable /> · {who === null ? words.itself : words.by(who.name)}
      </>
    );
  const errors = signals.cause === 'demand' ? '' : ` ${words.errors(whole(signals.originErrors, language))}`;
  return (
    <>
      {attack.edgeId === null ? null : <p className="hint panel-help">{words.atEdge}</p>}
      <Facts
        facts={[
          [facts.began, <Exactly at={attack.beganAt} />],
          [facts.switched, at(attack.switchedAt, attack.switchedBy, words.notSwitched)],
          [facts.ended, at(attack.endedAt, attack.endedBy, words.notEnded)],
          [facts.where, attack.path === null ? words.wholeSite : <span className="mono">{attack.path}</span>],
          [facts.peak, words.per10s(whole(attack.peak, language))],
          [facts.seen, `${words.seen(whole(signals.demand, language), whole(signals.threshold, language))}.${errors}`],
          [facts.usual, signals.baseline === null ? words.fresh : words.usual(whole(signals.baseline, language))],
          [facts.sensitivity, words.sensitivities[signals.sensitivity]],
          [facts.calm, words.calm(whole(signals.calmBelow, language))],
        ]}
      />
    </>
  );
}

function Edges({ record: { edges } }: { record: AttackRecord }) {
  if (edges.length === 0) return <p>{words.noEdges}</p>;
  const columns = [
    { key: 'edge', head: words.edge },
    { key: 'requests', head: words.edgeColumn, align: 'end' as const },
  ];
  return (
    <Table caption={words.edges} columns={columns}>
      {edges.map(({ edgeId, name, requests }) => (
        <tr key={edgeId}>
          <th scope="row">{name ?? edgeId}</th>
          <td data-align="end">{whole(requests, language)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Entries({ record: { entries } }: { record: AttackRecord }) {
  return (
    <ol className="timeline">
      {entries.map(({ at, kind, who, words: said }, index) => (
        <li key={`${at} ${index}`} data-past>
          <strong>{words.entry[kind]}</strong>
          <p className="hint">
            <When at={at} focusable /> · <Exactly at={at} /> · {who === null ? words.itself : words.by(who.name)}
          </p>
          {said === null ? null : <p>{said}</p>}
        </li>
      ))}
    </ol>
  );
}

function AddNote({ attackId }: { attackId: AttackId }) {
  const add = useAct(noteAttack, [getAttackRecord]);
  const [typed, setTyped] = useState('');
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (typed.trim() !== '') add.mutate({ params: { attackId }, body: { words: typed } }, { onSuccess: () => setTyped('') });
  };
  return (
    <form onSubmit={submit} className="stack" noValidate>
      <WithMistakes fields={add.error?.fields ?? []}>
        <TextArea
          label={words.note}
          hint={words.noteHint}
          path="words"
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
        />
      </WithMistakes>
      <Failure error={add.error} />
      <div className="acts">
        <Button type="submit" busy={add.isPending} disabled={typed.trim() === '' || add.isPending}>
          {words.addNote}
        </Button>
      </div>
    </form>
  );
}
