/** One limb of the emergency test: met, with evidence, or not met, with a sentence. Neither is chosen before somebody chooses. */
import { useId } from 'react';
import type { Limb } from '../../../../contract/desk/words.ts';
import type { Evidence } from '../../../../contract/desk/shapes.ts';
import type { FieldMistake } from '../../api/client.ts';
import { TextArea } from '../../parts/field.tsx';
import { decide as words } from '../../words/en/decide.ts';
import { desk } from '../../words/en/desk.ts';
import type { TypedLimb } from './decide-draft.ts';
import { EvidencePicker } from './parts.tsx';

export function LimbField({
  limb,
  number,
  typed,
  evidence,
  suggested,
  mistakes,
  onChange,
}: {
  limb: Limb;
  number: number;
  typed: TypedLimb;
  evidence: readonly Evidence[];
  /** Ticked when the limb is first said to be met. */
  suggested: readonly string[];
  mistakes: readonly FieldMistake[];
  onChange: (typed: TypedLimb) => void;
}) {
  const id = useId();
  const own = mistakes.find((mistake) => mistake.path === `limb.${limb}`)?.message;
  const missing = typed.finding === '' ? own : undefined;
  const choose = (finding: 'met' | 'not-met') =>
    onChange({ ...typed, finding, evidence: finding === 'met' && typed.evidence.length === 0 ? suggested : typed.evidence });
  return (
    <fieldset className="axis" {...(missing === undefined ? {} : { 'aria-describedby': `${id}-mistake` })}>
      <legend>
        {number}. {desk.limb[limb]}
      </legend>
      <div className="segments">
        {(['met', 'not-met'] as const).map((finding) => (
          <label key={finding}>
            <input type="radio" name={`${id}-finding`} checked={typed.finding === finding} onChange={() => choose(finding)} />
            {finding === 'met' ? words.met : words.notMet}
          </label>
        ))}
      </div>
      {missing === undefined ? null : (
        <p className="mistake" id={`${id}-mistake`}>
          {missing}
        </p>
      )}
      {typed.finding === '' ? null : (
        <div className="axis-more">
          <TextArea
            label={words.reason}
            path={`limb.${limb}`}
            rows={2}
            value={typed.reason}
            onChange={(event) => onChange({ ...typed, reason: event.target.value })}
          />
          {typed.finding === 'met' && evidence.length > 0 ? (
            <EvidencePicker
              legend={words.limbEvidence}
              evidence={evidence}
              picked={typed.evidence}
              onPick={(picked) => onChange({ ...typed, evidence: picked })}
            />
          ) : null}
        </div>
      )}
    </fieldset>
  );
}
