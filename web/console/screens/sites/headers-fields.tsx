/** What a site's owner says about headers of answers, and the secret that its origin is sent. A secret that is held is never shown. */
import { AnswerHeader, answerHeaders } from '../../../../contract/rules.ts';
import { Button } from '../../parts/button.tsx';
import { CheckField, SelectField, TextField } from '../../parts/field.tsx';
import { Panel } from '../../parts/screen.tsx';
import { rules as words } from '../../words/en/rules.ts';
import type { TypedHeader, TypedRules } from './rules-draft.ts';

export function HeadersFields({
  typed,
  secretSet,
  mayWrite,
  onChange,
}: {
  typed: TypedRules;
  /** Whether a secret is held. */
  secretSet: boolean;
  mayWrite: boolean;
  onChange: (part: Partial<TypedRules>) => void;
}) {
  const { headers } = typed;
  const free = answerHeaders.filter((name) => headers.every(({ header }) => header !== name));
  const change = (index: number, part: Partial<TypedHeader>) =>
    onChange({ headers: headers.map((one, at) => (at === index ? { ...one, ...part } : one)) });
  const [first] = free;
  return (
    <Panel title={words.headers}>
      <div className="stack">
        <p className="hint">{words.headersLead}</p>
        {headers.map((one, index) => (
          <section key={one.header} className="note" aria-label={words.headerOf(one.header)}>
            <div className="stack">
              <div className="fields">
                <SelectField
                  label={words.header}
                  path={`headers.answers.${index}.header`}
                  value={one.header}
                  onChange={({ target }) => change(index, { header: AnswerHeader.parse(target.value) })}
                >
                  {answerHeaders
                    .filter((name) => name === one.header || free.includes(name))
                    .map((name) => (
                      <option key={name} value={name}>
                        {name}
                      </option>
                    ))}
                </SelectField>
                {one.away ? null : (
                  <TextField
                    label={words.headerValue}
                    path={`headers.answers.${index}.value`}
                    className="mono"
                    spellCheck={false}
                    value={one.value}
                    onChange={({ target }) => change(index, { value: target.value })}
                  />
                )}
              </div>
              <div className="form-foot">
                <CheckField
                  label={words.headerAway}
                  checked={one.away}
                  onChange={({ target }) => change(index, { away: target.checked })}
                />
                <Button onClick={() => onChange({ headers: headers.filter((_, at) => at !== index) })}>
                  {words.remove(one.header)}
                </Button>
              </div>
            </div>
          </section>
        ))}
        {mayWrite && first !== undefined ? (
          <div>
            <Button onClick={() => onChange({ headers: [...headers, { header: first, value: '', away: false }] })}>
              {words.addHeader}
            </Button>
          </div>
        ) : null}
        <TextField
          label={words.secret}
          hint={secretSet ? words.secretHeld : words.secretHint}
          path="headers.originSecret"
          className="mono"
          spellCheck={false}
          disabled={typed.secretOff}
          value={typed.secret}
          onChange={({ target }) => onChange({ secret: target.value })}
        />
        {secretSet ? (
          <CheckField
            label={words.secretOff}
            checked={typed.secretOff}
            onChange={({ target }) => onChange({ secretOff: target.checked, secret: '' })}
          />
        ) : null}
      </div>
    </Panel>
  );
}
