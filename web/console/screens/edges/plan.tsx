/** The form for a group's plan: title, waves, how long each step is watched; below it who changed it last, and from what. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { listAudit } from '../../../../contract/routes/house.ts';
import { changeGroup, listGroups, listRollouts } from '../../../../contract/routes/rollouts.ts';
import type { EdgeGroup } from '../../../../contract/routes/rollouts.ts';
import type { FieldMistake } from '../../api/client.ts';
import { ask, useAct } from '../../api/queries.ts';
import { FormDialog } from '../../parts/dialog.tsx';
import { TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { rollouts } from '../../words/en/rollouts.ts';
import { planChangeOf, planDraftOf } from './plan-draft.ts';

const words = rollouts.plan;

export function ChangePlan({ group: one, onClose }: { group: EdgeGroup; onClose: () => void }) {
  const { group } = one;
  // What was there when the form was opened: somebody else's change meanwhile must not pass for one that was typed here.
  const [held] = useState(one);
  const [draft, setDraft] = useState(() => planDraftOf(held));
  const [mistakes, setMistakes] = useState<readonly FieldMistake[]>([]);
  const change = useAct(changeGroup, [listGroups, listRollouts, listAudit]);
  const mayAudit = useCan()('audit:read');
  const field = (path: keyof typeof draft) => ({
    path,
    value: draft[path],
    onChange: ({ target }: { target: { value: string } }) => setDraft((now) => ({ ...now, [path]: target.value })),
  });
  const submit = () => {
    const { body, mistakes: found } = planChangeOf(held, draft, words.must);
    setMistakes(found);
    if (found.length > 0) return;
    if (Object.keys(body).length === 0) return onClose();
    change.mutate(
      { params: { group }, body },
      {
        onSuccess: () => {
          notify(words.done(group));
          onClose();
        },
      },
    );
  };
  return (
    <FormDialog
      title={words.heading(group)}
      action={words.submit}
      busy={change.isPending}
      failure={change.error}
      mistakes={mistakes}
      onClose={onClose}
      onSubmit={submit}
    >
      {held.canaries === 0 ? <p className="hint">{words.noCanary}</p> : null}
      <TextField label={words.title} hint={words.titleHint} {...field('title')} />
      <TextField
        label={words.canaryBake}
        hint={words.canaryBakeHint}
        unit={words.seconds}
        inputMode="numeric"
        {...field('canaryBakeSeconds')}
      />
      <TextField label={words.waves} hint={words.wavesHint} unit="%" {...field('waves')} />
      <TextField
        label={words.waveBake}
        hint={words.waveBakeHint}
        unit={words.seconds}
        inputMode="numeric"
        {...field('waveBakeSeconds')}
      />
      {mayAudit ? <LastChange group={one} /> : null}
    </FormDialog>
  );
}

/** Who changed the plan last, with what was there before: what to type in to go back to it. */
function LastChange({ group: { group } }: { group: EdgeGroup }) {
  const entries = useQuery(ask(listAudit, { query: { subject: group, limit: 50 } }));
  const last = entries.data?.items.find(({ act }) => act === 'edge-group.change');
  if (last === undefined) return null;
  const before = changeGroup.body.safeParse(last.detail['before']);
  return (
    <p className="hint">
      {words.changedBy(last.who?.name ?? words.somebody)} <When at={last.at} />
      {before.success ? `${words.before} ${words.plain(before.data)}` : null}.{' '}
      <Link to="/audit" search={{ subject: group }}>
        {words.audit}
      </Link>
    </p>
  );
}
