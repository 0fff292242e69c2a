/** Why a request with the reference on its page was not answered by its origin. The reference may be of any site that the viewer may see. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { RequestReference } from '../../../../contract/insight.ts';
import { explainReference } from '../../../../contract/routes/insight.ts';
import { ask } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { TextField } from '../../parts/field.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { When } from '../../parts/when.tsx';
import { insight as words } from '../../words/en/insight.ts';

export function Explain() {
  const [typed, setTyped] = useState('');
  const [asked, setAsked] = useState<RequestReference | null>(null);
  const [wrong, setWrong] = useState(false);
  return (
    <Panel title={words.title}>
      <p className="hint">{words.lead}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const parsed = RequestReference.safeParse(typed.trim().toLowerCase());
          setWrong(!parsed.success);
          setAsked(parsed.success ? parsed.data : null);
        }}
      >
        <div className="fields">
          <TextField label={words.reference} value={typed} onChange={({ target }) => setTyped(target.value)} />
        </div>
        <Button type="submit">{words.explain}</Button>
      </form>
      <div role="status">
        {wrong ? <p>{words.notOne}</p> : null}
        {asked === null ? null : <Found key={asked} reference={asked} />}
      </div>
    </Panel>
  );
}

function Found({ reference }: { reference: RequestReference }) {
  const found = useQuery({ ...ask(explainReference, { params: { reference } }), retry: false });
  if (found.error !== null) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Waiting />;
  const { sentence, siteName, at, method, path, network, edgeId } = found.data;
  return (
    <>
      <p>{sentence}</p>
      <Facts
        facts={[
          [words.facts.site, siteName],
          [words.facts.when, <When at={at} focusable />],
          [
            words.facts.request,
            <span className="mono">
              {method} {path}
            </span>,
          ],
          [words.facts.network, <span className="mono">{network}</span>],
          [words.facts.edge, <span className="mono">{edgeId}</span>],
        ]}
      />
    </>
  );
}
