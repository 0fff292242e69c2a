/** Who is woken, by what, in which order; the newest pages and who took them; a test that reaches everybody who is active. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { listPeople } from '../../../../contract/routes/identity.ts';
import { acknowledgePage, getOnCall, setOnCall, testOnCall } from '../../../../contract/routes/desk/pressure.ts';
import type { OnCallPerson, Page } from '../../../../contract/routes/desk/pressure.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { FormDialog } from '../../parts/dialog.tsx';
import { AlarmSign, Failure } from '../../parts/failure.tsx';
import { CheckField, SelectField, TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel, Screen, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { useCan, useMe } from '../../shell/me.ts';
import { deskHouse } from '../../words/en/desk-house.ts';
import { DeskTabs } from './parts.tsx';
import '../../look/desk.css';

const words = deskHouse.onCall;
const channels = ['mail', 'webhook', 'push'] as const;
const columns = [
  { key: 'position', head: words.columns.position, align: 'end' },
  { key: 'name', head: words.columns.name },
  { key: 'channel', head: words.columns.channel },
  { key: 'address', head: words.columns.address },
  { key: 'state', head: words.columns.state },
  { key: 'acts', head: words.columns.acts },
] as const;
const pageColumns = [
  { key: 'subject', head: words.pageColumns.subject },
  { key: 'at', head: words.pageColumns.at },
  { key: 'channel', head: words.pageColumns.channel },
  { key: 'state', head: words.pageColumns.state },
  { key: 'seen', head: words.pageColumns.seen },
] as const;

export function OnCallScreen() {
  const can = useCan();
  const answer = useQuery(ask(getOnCall));
  const test = useAct(testOnCall, [getOnCall]);
  const [editing, setEditing] = useState<OnCallPerson | 'new' | null>(null);
  const writes = can('on-call:write');
  return (
    <Screen
      title={words.title}
      lead={words.lead}
      acts={
        writes ? (
          <>
            <Button
              busy={test.isPending}
              onClick={() => test.mutate({}, { onSuccess: ({ sent }) => notify(words.tested(sent)) })}
            >
              {words.test}
            </Button>
            <Button kind="primary" data-new onClick={() => setEditing('new')}>
              {words.add}
            </Button>
          </>
        ) : undefined
      }
    >
      <DeskTabs current="on-call" />
      <Failure error={test.error} />
      <Failure error={answer.error} onRetry={() => void answer.refetch()} />
      {answer.data === undefined ? (
        answer.error === null ? (
          <Waiting />
        ) : null
      ) : (
        <>
          {answer.data.mailFinding === null ? null : (
            <p className="note state-note" data-tone="alarm" role="status">
              <AlarmSign /> <strong>{words.mail}.</strong> {answer.data.mailFinding}
            </p>
          )}
          <Panel title={words.people}>
            {answer.data.people.length === 0 ? (
              <p className="note" data-tone="alarm">
                {words.none}
              </p>
            ) : (
              <Table caption={words.people} columns={columns}>
                {answer.data.people.map((person) => (
                  <tr key={`${person.personId}${person.channel}`}>
                    <td data-align="end">{person.position}</td>
                    <td className="no-wrap">
                      <strong>{person.name}</strong>
                    </td>
                    <td>{words.channel[person.channel]}</td>
                    <td className="mono">{person.addressHint}</td>
                    <td>
                      <Badge tone={person.active ? 'good' : 'off'}>{person.active ? words.active : words.paused}</Badge>
                    </td>
                    <td>
                      {writes ? (
                        <Button kind="quiet" aria-label={`${words.change}: ${person.name}`} onClick={() => setEditing(person)}>
                          {words.change}
                        </Button>
                      ) : null}
                    </td>
                  </tr>
                ))}
              </Table>
            )}
          </Panel>
          <Panel title={words.pages}>
            {answer.data.pages.length === 0 ? (
              <p className="hint">{words.noPages}</p>
            ) : (
              <Table caption={words.pages} columns={pageColumns}>
                {answer.data.pages.map((page) => (
                  <PageRow key={page.pageId} page={page} />
                ))}
              </Table>
            )}
          </Panel>
        </>
      )}
      {editing === null ? null : <WayForm person={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
    </Screen>
  );
}

function PageRow({ page }: { page: Page }) {
  const can = useCan();
  const acknowledge = useAct(acknowledgePage, [getOnCall]);
  return (
    <tr>
      <td>
        {page.caseId === null ? (
          page.subject
        ) : (
          <Link to="/desk/cases/$caseId" params={{ caseId: page.caseId }} data-row className="row-link">
            {page.subject}
          </Link>
        )}
      </td>
      <td>
        <When at={page.createdAt} />
      </td>
      <td>{words.channel[page.channel]}</td>
      <td>
        <Badge tone={page.state === 'sent' ? 'good' : page.state === 'failed' ? 'alarm' : 'waiting'}>
          {words.pageState[page.state]}
        </Badge>
        <span className="sub">{page.lastError ?? words.attempts(page.attempts)}</span>
      </td>
      <td>
        {page.acknowledgedBy !== null && page.acknowledgedAt !== null ? (
          <>
            {page.acknowledgedBy.name}
            <span className="sub">
              <When at={page.acknowledgedAt} />
            </span>
          </>
        ) : can('desk:work') ? (
          <Button
            busy={acknowledge.isPending}
            onClick={() =>
              acknowledge.mutate({ params: { pageId: page.pageId } }, { onSuccess: () => notify(words.acknowledged) })
            }
          >
            {words.acknowledge}
          </Button>
        ) : null}
        <Failure error={acknowledge.error} />
      </td>
    </tr>
  );
}

function WayForm({ person, onClose }: { person: OnCallPerson | null; onClose: () => void }) {
  const form = words.form;
  const me = useMe();
  const can = useCan();
  const people = useQuery({ ...ask(listPeople, { query: { limit: 500 } }), enabled: can('people:read') });
  const save = useAct(setOnCall, [getOnCall]);
  const [typed, setTyped] = useState({
    personId: person?.personId ?? me.personId,
    channel: person?.channel ?? 'mail',
    address: '',
    position: String(person?.position ?? 1),
    active: person?.active ?? true,
  });
  const put = (change: Partial<typeof typed>) => setTyped((before) => ({ ...before, ...change }));
  const choices = (people.data?.items ?? []).filter((candidate) => candidate.accountId === null && candidate.state === 'active');
  return (
    <FormDialog
      title={form.title}
      action={form.submit}
      busy={save.isPending}
      failure={save.error}
      onClose={onClose}
      onSubmit={() =>
        save.mutate(
          {
            body: {
              personId: typed.personId,
              channel: typed.channel,
              position: Number(typed.position),
              active: typed.active,
              ...(typed.address.trim() === '' ? {} : { address: typed.address }),
            },
          },
          {
            onSuccess: () => {
              notify(form.done);
              onClose();
            },
          },
        )
      }
    >
      {person !== null ? (
        <p>
          <strong>{person.name}</strong>, {words.channel[person.channel]}
        </p>
      ) : (
        <>
          <SelectField
            label={form.person}
            path="personId"
            value={typed.personId}
            onChange={(event) => put({ personId: me.personId, ...found(choices, event.target.value) })}
          >
            {choices.some((candidate) => candidate.personId === me.personId) ? null : (
              <option value={me.personId}>{me.name}</option>
            )}
            {choices.map((candidate) => (
              <option key={candidate.personId} value={candidate.personId}>
                {candidate.name}
              </option>
            ))}
          </SelectField>
          <SelectField
            label={form.channel}
            path="channel"
            value={typed.channel}
            onChange={(event) => put({ channel: channels.find((candidate) => candidate === event.target.value) ?? 'mail' })}
          >
            {channels.map((channel) => (
              <option key={channel} value={channel}>
                {words.channel[channel]}
              </option>
            ))}
          </SelectField>
        </>
      )}
      <TextField
        label={form.address}
        hint={person === null ? form.addressHint : `${form.addressHint} ${form.addressKeep}`}
        path="address"
        spellCheck={false}
        value={typed.address}
        onChange={(event) => put({ address: event.target.value })}
      />
      <TextField
        label={form.position}
        path="position"
        inputMode="numeric"
        value={typed.position}
        onChange={(event) => put({ position: event.target.value })}
      />
      <CheckField label={form.active} checked={typed.active} onChange={(event) => put({ active: event.target.checked })} />
    </FormDialog>
  );
}

function found<Candidate extends { personId: string }>(
  choices: readonly Candidate[],
  personId: string,
): { personId: Candidate['personId'] } | undefined {
  const chosen = choices.find((candidate) => candidate.personId === personId);
  return chosen === undefined ? undefined : { personId: chosen.personId };
}
