/** One's own limits: how long, which kinds not, and how media open. Yours alone. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { ReportClass } from '../../../../contract/desk/words.ts';
import { getWellness, setWellness } from '../../../../contract/routes/desk/evidence.ts';
import type { Wellness } from '../../../../contract/routes/desk/evidence.ts';
import { whole } from '../../format/number.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { CheckField, TextField, WithMistakes } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel, Screen, Waiting } from '../../parts/screen.tsx';
import { deskHouse } from '../../words/en/desk-house.ts';
import { desk } from '../../words/en/desk.ts';
import { language, say } from '../../words/index.ts';
import { DeskTabs } from './parts.tsx';
import '../../look/decide.css';
import '../../look/desk.css';

const words = deskHouse.wellness;

export function WellnessScreen() {
  const wellness = useQuery(ask(getWellness));
  return (
    <Screen title={words.title} lead={words.lead}>
      <DeskTabs current="wellness" />
      {wellness.data === undefined ? (
        wellness.error === null ? (
          <Waiting />
        ) : (
          <Failure error={wellness.error} onRetry={() => void wellness.refetch()} />
        )
      ) : (
        <div className="columns">
          <Panel title={words.media}>
            <Limits held={wellness.data} />
          </Panel>
          <Panel title={words.today}>
            <p className="big-grade">
              {words.minutes(whole(wellness.data.minutesToday, language), String(wellness.data.dailyCapMinutes))}
            </p>
            {Object.keys(wellness.data.minutesByGrade).length === 0 ? (
              <p className="hint">{words.none}</p>
            ) : (
              <Facts
                facts={Object.entries(wellness.data.minutesByGrade)
                  .toSorted(([one], [other]) => one.localeCompare(other))
                  .map(([grade, minutes]) => [grade, `${whole(minutes, language)} ${words.unit}`] as const)}
              />
            )}
            <p className="hint case-panel-foot">{words.help}</p>
          </Panel>
        </div>
      )}
    </Screen>
  );
}

function Limits({ held }: { held: Wellness }) {
  const save = useAct(setWellness, [getWellness]);
  const [typed, setTyped] = useState({
    cap: String(held.dailyCapMinutes),
    optedOut: held.optedOut,
    blur: held.blur,
    greyscale: held.greyscale,
    mute: held.mute,
  });
  const put = (change: Partial<typeof typed>) => setTyped((before) => ({ ...before, ...change }));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const { cap, ...rest } = typed;
    save.mutate({ body: { ...rest, dailyCapMinutes: Number(cap) } }, { onSuccess: () => notify(words.done) });
  };
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <WithMistakes fields={save.error?.fields ?? []}>
        <div className="stack-tight">
          {(['blur', 'greyscale', 'mute'] as const).map((name) => (
            <CheckField
              key={name}
              label={words[name]}
              checked={typed[name]}
              onChange={(event) => put({ [name]: event.target.checked })}
            />
          ))}
        </div>
        <TextField
          label={words.cap}
          hint={words.capHint}
          path="dailyCapMinutes"
          unit={words.unit}
          inputMode="numeric"
          value={typed.cap}
          onChange={(event) => put({ cap: event.target.value })}
        />
        <fieldset className="choices">
          <legend>{words.optOut}</legend>
          <p className="hint">{words.optOutHint}</p>
          <div className="scope-list">
            {ReportClass.options.map((value) => (
              <CheckField
                key={value}
                label={desk.class[value]}
                checked={typed.optedOut.includes(value)}
                onChange={(event) =>
                  put({
                    optedOut: event.target.checked
                      ? [...typed.optedOut, value]
                      : typed.optedOut.filter((other) => other !== value),
                  })
                }
              />
            ))}
          </div>
        </fieldset>
      </WithMistakes>
      <Failure error={save.error} />
      <Button kind="primary" type="submit" busy={save.isPending}>
        {save.isPending ? say.act.saving : words.submit}
      </Button>
    </form>
  );
}
