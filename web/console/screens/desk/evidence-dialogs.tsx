/** The windows behind an item of evidence: its custody, its level, time and hold, and that its address was checked. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { EvidenceLevel } from '../../../../contract/desk/words.ts';
import type { Evidence } from '../../../../contract/desk/shapes.ts';
import { getCase } from '../../../../contract/routes/desk/cases.ts';
import { changeEvidence, listCustody } from '../../../../contract/routes/desk/evidence.ts';
import { ask, useAct } from '../../api/queries.ts';
import { fromLocalInput, toLocalInput } from '../../format/time.ts';
import { Badge } from '../../parts/badge.tsx';
import { AskReason, Dialog, FormDialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { CheckField, SelectField, TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { Exactly } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { desk } from '../../words/en/desk.ts';

type Props = { item: Evidence; onClose: () => void };

const columns = [
  { key: 'at', head: caseWords.custody.columns.at },
  { key: 'act', head: caseWords.custody.columns.act },
  { key: 'who', head: caseWords.custody.columns.who },
  { key: 'why', head: caseWords.custody.columns.why },
  { key: 'hash', head: caseWords.custody.columns.hash },
] as const;

/** Who touched it, when and why, oldest first, and whether the chain holds. */
export function Custody({ item, onClose }: Props) {
  const words = caseWords.custody;
  const custody = useQuery(ask(listCustody, { params: { evidenceId: item.evidenceId } }));
  return (
    <Dialog title={`${words.title}: ${item.title}`} onClose={onClose}>
      <Failure error={custody.error} onRetry={() => void custody.refetch()} />
      {custody.data === undefined ? (
        custody.error === null ? (
          <Waiting />
        ) : null
      ) : (
        <div className="stack">
          <p>
            <Badge tone={custody.data.intact ? 'good' : 'alarm'}>{custody.data.intact ? words.intact : words.broken}</Badge>
          </p>
          <Table caption={words.title} columns={columns}>
            {custody.data.lines.map((line) => (
              <tr key={line.custodyId}>
                <td>
                  <Exactly at={line.at} />
                </td>
                <td>{words.act[line.act]}</td>
                <td>{line.who?.name ?? <span className="hint">{words.program}</span>}</td>
                <td>{line.why}</td>
                <td className="mono" title={line.lineHash}>
                  {line.lineHash.slice(0, 10)}…
                </td>
              </tr>
            ))}
          </Table>
        </div>
      )}
    </Dialog>
  );
}

/** A lead passes on what a hotline or the police said of an address that was reported as child abuse. Nobody here ever opens it to see. */
export function AddressChecked({ item, onClose }: Props) {
  const words = caseWords.checked;
  const change = useAct(changeEvidence, [getCase]);
  return (
    <AskReason
      title={words.title}
      label={words.who}
      hint={words.whoHint}
      action={words.submit}
      kind="primary"
      least={3}
      busy={change.isPending}
      failure={change.error}
      onClose={onClose}
      onConfirm={(why) =>
        change.mutate(
          { params: { evidenceId: item.evidenceId }, body: { childAbuse: false, why } },
          {
            onSuccess: () => {
              notify(words.done);
              onClose();
            },
          },
        )
      }
    >
      <p>{words.lead}</p>
    </AskReason>
  );
}

export function ChangeEvidence({ item, onClose }: Props) {
  const words = caseWords.change;
  const can = useCan();
  const change = useAct(changeEvidence, [getCase]);
  const [typed, setTyped] = useState({
    level: '',
    confirmedBy: '',
    event: item.eventAt === null ? '' : toLocalInput(Date.parse(item.eventAt)),
    hold: '',
    sensitive: item.sensitive,
    why: '',
  });
  const put = (changed: Partial<typeof typed>) => setTyped((before) => ({ ...before, ...changed }));
  const held = item.eventAt === null ? '' : toLocalInput(Date.parse(item.eventAt));
  const submit = () => {
    const level = EvidenceLevel.safeParse(typed.level);
    const eventAt = typed.event === held ? null : fromLocalInput(typed.event);
    change.mutate(
      {
        params: { evidenceId: item.evidenceId },
        body: {
          why: typed.why,
          ...(level.success ? { level: { to: level.data, confirmedBy: typed.confirmedBy } } : {}),
          ...(eventAt === null ? {} : { eventAt }),
          ...(typed.hold === '' ? {} : { holdDays: Number(typed.hold) }),
          ...(typed.sensitive === item.sensitive ? {} : { sensitive: typed.sensitive }),
        },
      },
      {
        onSuccess: () => {
          notify(words.done);
          onClose();
        },
      },
    );
  };
  return (
    <FormDialog
      title={words.title}
      action={words.submit}
      busy={change.isPending}
      failure={change.error}
      onClose={onClose}
      onSubmit={submit}
    >
      <SelectField label={words.level} path="level" value={typed.level} onChange={(event) => put({ level: event.target.value })}>
        <option value="">
          {words.levelKeep} ({item.level})
        </option>
        {(['A3', 'A4'] as const).map((level) => (
          <option key={level} value={level}>
            {level}: {desk.levelHelp[level]}
          </option>
        ))}
      </SelectField>
      {typed.level === '' ? null : (
        <TextField
          label={words.confirmedBy}
          path="level.confirmedBy"
          value={typed.confirmedBy}
          onChange={(event) => put({ confirmedBy: event.target.value })}
        />
      )}
      <TextField
        label={words.event}
        path="eventAt"
        type="datetime-local"
        value={typed.event}
        onChange={(event) => put({ event: event.target.value })}
      />
      <SelectField label={words.hold} path="holdDays" value={typed.hold} onChange={(event) => put({ hold: event.target.value })}>
        <option value="">{words.holdKeep}</option>
        {(['90', '30', '0'] as const)
          .filter((days) => days !== '0' || (can('desk:lead') && item.holdUntil !== null))
          .map((days) => (
            <option key={days} value={days}>
              {words.holdOptions[days]}
            </option>
          ))}
      </SelectField>
      <CheckField
        label={words.sensitive}
        checked={typed.sensitive}
        onChange={(event) => put({ sensitive: event.target.checked })}
      />
      <TextField label={words.why} path="why" value={typed.why} onChange={(event) => put({ why: event.target.value })} />
    </FormDialog>
  );
}
