/** What a decision would publish, in the server's own words, and what it still lacks. */
import type { DecisionPreview } from '../../../../contract/routes/desk/decisions.ts';
import { LadderStep, Limb } from '../../../../contract/desk/words.ts';
import type { ApiError, FieldMistake } from '../../api/client.ts';
import { Failure } from '../../parts/failure.tsx';
import { Panel } from '../../parts/screen.tsx';
import { decide as words } from '../../words/en/decide.ts';
import { desk } from '../../words/en/desk.ts';

export function DecisionPreviewPanel({
  preview,
  error,
  mistakes,
  unanswered,
}: {
  preview: DecisionPreview | null;
  error: ApiError | Error | null;
  mistakes: readonly FieldMistake[];
  unanswered: number;
}) {
  return (
    <Panel title={words.preview}>
      <div className="stack-tight" aria-live="polite">
        <Failure error={error} />
        {mistakes.length === 0 && unanswered === 0 ? null : (
          <>
            <h3>{words.mistakes}</h3>
            <ul className="sentences">
              {unanswered > 0 ? <li>{words.limbsLeft(unanswered)}</li> : null}
              {mistakes
                .filter((mistake) => unanswered === 0 || mistake.path !== 'limbs')
                .map((mistake) => (
                  <li key={`${mistake.path}${mistake.message}`}>
                    {nameOf(mistake.path)}
                    {mistake.message}
                  </li>
                ))}
            </ul>
          </>
        )}
        {preview === null ? (
          <p className="hint">{words.previewWait}</p>
        ) : (
          <>
            <Paper title={words.previewNotice} text={preview.noticePage} none={words.previewNoNotice} />
            <Paper title={words.previewStatement} text={preview.statement} none="" />
            <Paper title={words.previewOwner} text={preview.ownerNotice} none="" />
          </>
        )}
      </div>
    </Panel>
  );
}

function Paper({ title, text, none }: { title: string; text: string | null; none: string }) {
  if (text === null || text === '') return none === '' ? null : <p className="hint">{none}</p>;
  return (
    <details open>
      <summary className="field-label">{title}</summary>
      <p className="paper">{text}</p>
    </details>
  );
}

/** Where on the form a mistake is, in words. */
function nameOf(path: string): string {
  const limb = Limb.safeParse(path.replace(/^limb\./, ''));
  if (limb.success) return `${desk.limb[limb.data]}: `;
  const step = LadderStep.safeParse(path.replace(/^whyNot\./, ''));
  if (step.success) return `${words.whyNotStep(desk.step[step.data])}: `;
  const fields: Readonly<Record<string, string>> = {
    publicReason: words.publicReason,
    internalReason: words.internalReason,
    evidence: words.evidence,
    policyVersionId: words.criteria,
    reverses: words.reverses,
    recheckAt: words.recheck,
    deadline: words.deadline,
    'measure.path': words.path,
    'measure.endsAt': words.ends,
    'measure.hostnames': words.hostnames,
    breakGlass: words.breakGlass,
    'breakGlass.reason': words.breakGlassReason,
    provisional: words.provisional,
  };
  const name = fields[path];
  return name === undefined ? '' : `${name}: `;
}
