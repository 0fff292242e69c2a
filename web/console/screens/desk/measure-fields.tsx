/** The measure of a decision: a step of the ladder, why no narrower one would do, where, on what basis, until when. */
import type { LadderStep } from '../../../../contract/desk/words.ts';
import { LadderStep as Step } from '../../../../contract/desk/words.ts';
import type { DeskDecision } from '../../../../contract/routes/desk/decisions.ts';
import { fromLocalInput, utcTime } from '../../format/time.ts';
import { CheckField, Choices, SelectField, TextArea, TextField } from '../../parts/field.tsx';
import { Panel } from '../../parts/screen.tsx';
import { decide as words } from '../../words/en/decide.ts';
import { desk } from '../../words/en/desk.ts';
import { orders } from '../../words/en/orders.ts';
import { below, lengths, provisionalOf, reaches } from './decide-draft.ts';
import type { TypedDecision } from './decide-draft.ts';

type Props = {
  typed: TypedDecision;
  missing: boolean;
  /** Provisional decisions of the case that stand. */
  provisional: readonly DeskDecision[];
  put: (change: Partial<TypedDecision>) => void;
};

export function MeasureFields({ typed, missing, provisional, put }: Props) {
  const { step } = typed;
  const why = (narrower: LadderStep, text: string) => put({ whyNot: new Map(typed.whyNot).set(narrower, text) });
  return (
    <>
      <Panel title={words.ladderTitle}>
        <div className="stack">
          <Choices
            legend={words.ladder}
            hint={words.ladderHelp}
            value={step ?? ''}
            onChoose={(value) => {
              const chosen = Step.safeParse(value).data ?? null;
              put({ step: chosen, provisional: provisionalOf(chosen) === 'always' });
            }}
            choices={Step.options.map((value, index) => ({
              value,
              label: `${index + 1}. ${desk.step[value]}`,
              help: desk.stepHelp[value],
            }))}
          />
          {missing ? (
            <p className="mistake" role="alert">
              {words.stepMissing}
            </p>
          ) : null}
          {below(step).length === 0 ? null : (
            <fieldset className="bare stack-tight">
              <legend className="field-label">{words.whyNot}</legend>
              <p className="hint">{words.whyNotHelp}</p>
              {below(step).map((narrower) => (
                <TextField
                  key={narrower}
                  wide
                  label={words.whyNotStep(desk.step[narrower])}
                  path={`whyNot.${narrower}`}
                  value={typed.whyNot.get(narrower) ?? ''}
                  onChange={(event) => why(narrower, event.target.value)}
                />
              ))}
            </fieldset>
          )}
        </div>
      </Panel>
      {reaches(step) ? <Scope typed={typed} put={put} /> : null}
      {reaches(step) ? <Times typed={typed} provisional={provisional} put={put} /> : null}
    </>
  );
}

function Scope({ typed, put }: Pick<Props, 'typed' | 'put'>) {
  const { step } = typed;
  return (
    <Panel title={orders.detail.scope}>
      <div className="stack">
        {step === 'account-closed' ? null : (
          <TextArea
            label={words.hostnames}
            hint={words.hostnamesHint}
            path="measure.hostnames"
            className="mono"
            rows={2}
            spellCheck={false}
            value={typed.hostnames}
            onChange={(event) => put({ hostnames: event.target.value })}
          />
        )}
        {step === 'notice-on-path' ? (
          <TextField
            label={words.path}
            hint={words.pathHint}
            path="measure.path"
            className="mono"
            spellCheck={false}
            value={typed.path}
            onChange={(event) => put({ path: event.target.value })}
          />
        ) : null}
        {step === 'limit-or-challenge' ? (
          <TextField
            label={words.rate}
            hint={words.rateHint}
            path="measure.requestsPer10s"
            unit={words.rateUnit}
            inputMode="numeric"
            value={typed.requestsPer10s}
            onChange={(event) => put({ requestsPer10s: event.target.value })}
          />
        ) : null}
        <Choices
          legend={orders.form.basis}
          value={typed.basis}
          onChoose={(basis) => put({ basis })}
          choices={[
            { value: 'own-decision', label: orders.form.own, help: orders.form.ownHelp },
            { value: 'legal-order', label: orders.form.legal, help: orders.form.legalHelp },
          ]}
        />
        {typed.basis === 'legal-order' ? (
          <div className="fields">
            <TextField
              label={orders.form.authority}
              hint={orders.form.authorityHint}
              path="measure.basis.authority"
              value={typed.authority}
              onChange={(event) => put({ authority: event.target.value })}
            />
            <TextField
              label={orders.form.reference}
              path="measure.basis.reference"
              value={typed.reference}
              onChange={(event) => put({ reference: event.target.value })}
            />
            <TextField
              label={orders.form.authorityUrl}
              hint={orders.form.authorityUrlHint}
              path="measure.basis.authorityUrl"
              spellCheck={false}
              value={typed.authorityUrl}
              onChange={(event) => put({ authorityUrl: event.target.value })}
            />
          </div>
        ) : null}
      </div>
    </Panel>
  );
}

function Times({ typed, provisional, put }: Pick<Props, 'typed' | 'provisional' | 'put'>) {
  const exact = fromLocalInput(typed.endsLocal);
  return (
    <Panel title={words.times}>
      <div className="stack">
        <Choices
          legend={words.ends}
          hint={words.endsHint}
          value={typed.length}
          onChoose={(length) => put({ length })}
          choices={lengths.map((value) => ({ value, label: words.lengths[value] }))}
        />
        {typed.length === 'exact' ? (
          <TextField
            label={words.instant}
            {...(exact === null ? {} : { hint: orders.form.inUtc(utcTime(Date.parse(exact))) })}
            path="measure.endsAt"
            type="datetime-local"
            value={typed.endsLocal}
            onChange={(event) => put({ endsLocal: event.target.value })}
          />
        ) : null}
        {provisionalOf(typed.step) === 'never' ? null : (
          <CheckField
            label={words.provisional}
            hint={words.provisionalHelp}
            checked={typed.provisional || provisionalOf(typed.step) === 'always'}
            disabled={provisionalOf(typed.step) === 'always'}
            onChange={(event) => put({ provisional: event.target.checked })}
          />
        )}
        {provisional.length === 0 || typed.kind !== 'measure' ? null : (
          <SelectField
            label={words.confirms}
            path="confirms"
            value={typed.confirms}
            onChange={(event) => put({ confirms: event.target.value })}
          >
            <option value="">{words.confirmsNone}</option>
            {provisional.map((decision) => (
              <option key={decision.decisionId} value={decision.decisionId}>
                {decision.number ?? decision.decisionId}
              </option>
            ))}
          </SelectField>
        )}
      </div>
    </Panel>
  );
}
