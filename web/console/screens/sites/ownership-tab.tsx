/** Proof that the account owns the site's names: what to publish, a look now, or an operator's word. */
import { useState } from 'react';
import { checkOwnership, getSite, listSites, waiveOwnership } from '../../../../contract/routes/sites.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { useAct } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy.tsx';
import { AskReason } from '../../parts/dialog.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Panel } from '../../parts/screen.tsx';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { sites } from '../../words/en/sites.ts';

const words = sites.ownership;

export function OwnershipTab({ site }: { site: Site }) {
  const can = useCan();
  const { ownership } = site;
  const pending = ownership.state === 'pending';
  const check = useAct(checkOwnership, [getSite, listSites]);
  const waive = useAct(waiveOwnership, [getSite, listSites]);
  const [waiving, setWaiving] = useState(false);
  const params = { siteId: site.siteId };

  return (
    <>
      <Panel
        title={words.title}
        acts={
          pending ? (
            <>
              {can('sites:write') ? (
                <Button kind="primary" busy={check.isPending} onClick={() => check.mutate({ params })}>
                  {check.isPending ? words.checking : words.check}
                </Button>
              ) : null}
              {can('sites:waive-ownership') ? <Button onClick={() => setWaiving(true)}>{words.waive}</Button> : null}
            </>
          ) : undefined
        }
      >
        <div className="stack">
          <Failure error={check.error} />
          <Facts
            facts={[
              [words.title, <Badge tone={pending ? 'caution' : 'good'}>{words.state[ownership.state]}</Badge>],
              [words.lastCheck, ownership.checkedAt === null ? words.never : <When at={ownership.checkedAt} focusable />],
              ownership.finding === null ? null : [words.finding, ownership.finding],
            ]}
          />
          {ownership.state === 'proved' ? <p className="hint">{words.doneProved}</p> : null}
          {ownership.state === 'waived' ? <p className="hint">{words.doneWaived}</p> : null}
        </div>
      </Panel>
      {pending ? (
        <div className="columns proofs">
          <Panel title={words.dns}>
            <div className="stack">
              <p className="hint">{words.lead}</p>
              <div>
                <p>{words.dnsName}</p>
                <CopyText text={ownership.dnsName} label={words.dnsName} />
              </div>
              <div>
                <p>{words.dnsValue}</p>
                <CopyText text={ownership.dnsValue} label={words.dnsValue} />
              </div>
            </div>
          </Panel>
          <Panel title={words.file}>
            <div className="stack">
              <div>
                <p>{words.fileUrl}</p>
                <CopyText text={ownership.fileUrl} label={words.fileUrl} />
              </div>
              <div>
                <p>{words.fileContent}</p>
                <CopyText text={ownership.fileContent} label={words.fileContent} lines />
              </div>
            </div>
          </Panel>
        </div>
      ) : null}
      {waiving ? (
        <AskReason
          title={words.waiveTitle}
          label={words.waiveLabel}
          hint={words.waiveHint}
          action={words.waive}
          kind="primary"
          least={3}
          busy={waive.isPending}
          failure={waive.error}
          onConfirm={(reason) => waive.mutate({ params, body: { reason } }, { onSuccess: () => setWaiving(false) })}
          onClose={() => setWaiving(false)}
        >
          <p>{site.hostnames.join(', ')}</p>
        </AskReason>
      ) : null}
    </>
  );
}
