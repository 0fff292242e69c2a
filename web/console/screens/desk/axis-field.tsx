/** One axis of an assessment: its values as radio buttons with `unknown` first; its reason and evidence once something is claimed. */
import { useId } from 'react';
import { axisValues } from '../../../../contract/desk/words.ts';
import type { AxisName } from '../../../../contract/desk/words.ts';
import type { Evidence } from '../../../../contract/desk/shapes.ts';
import { TextArea } from '../../parts/field.tsx';
import { caseWords } from '../../words/en/case.ts';
import { desk } from '../../words/en/desk.ts';
import type { TypedAxis } from './assess-draft.ts';
import { EvidencePicker } from './parts.tsx';

const words = caseWords.assess;

export function AxisField({
  name,
  axis,
  evidence,
  suggested,
  onChange,
}: {
  name: AxisName;
  axis: TypedAxis;
  evidence: readonly Evidence[];
  /** Evidence of the incident: ticked when something is first claimed, because it is most often what it rests on. */
  suggested: readonly string[];
  onChange: (change: Partial<TypedAxis>) => void;
}) {
  const id = useId();
  const claims = axis.value !== 'unknown';
  const choose = (value: string) =>
    onChange(claims || value === 'unknown' || axis.evidence.length > 0 ? { value } : { value, evidence: suggested });
  return (
    <fieldset className="axis" aria-describedby={`${id}-help`}>
      <legend>{desk.axis[name]}</legend>
      <p className="hint" id={`${id}-help`}>
        {desk.axisHelp[name]}
      </p>
      <div className="segments">
        {(['unknown', ...axisValues[name]] as const).map((value) => (
          <label key={value}>
            <input type="radio" name={`${id}-value`} checked={axis.value === value} onChange={() => choose(value)} />
            {desk.axisValue[value]}
          </label>
        ))}
      </div>
      {claims || axis.reason !== '' ? (
        <div className="axis-more">
          <TextArea
            label={words.reason}
            path={`axes.${name}`}
            rows={2}
            value={axis.reason}
            onChange={(event) => onChange({ reason: event.target.value })}
          />
          {evidence.length === 0 ? (
            <p className="hint">{words.noEvidence}</p>
          ) : (
            <EvidencePicker
              legend={words.evidence}
              evidence={evidence}
              picked={axis.evidence}
              onPick={(picked) => onChange({ evidence: picked })}
            />
          )}
        </div>
      ) : null}
    </fieldset>
  );
}
