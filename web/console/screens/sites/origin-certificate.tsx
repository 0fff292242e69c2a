/** What this site shows to its own https server when that asks who we are: made here or uploaded, told to the server, then used. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  addOriginCertificate,
  getOriginCertificate,
  removeOriginCertificate,
  useOriginCertificate as putOriginCertificateToUse,
} from '../../../../contract/routes/origin-certificates.ts';
import type { OriginCertificate } from '../../../../contract/routes/origin-certificates.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy.tsx';
import { FormDialog } from '../../parts/dialog.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { certificates } from '../../words/en/certificates.ts';
import { PemFields } from './pem-fields.tsx';

const words = certificates.origin;
const touched = [getOriginCertificate];
type Which = 'used' | 'next';
type Act = 'make' | 'upload' | 'use' | `remove ${Which}`;

export function OriginCertificatePanel({ site }: { site: Site }) {
  const params = { siteId: site.siteId };
  const shown = useQuery(ask(getOriginCertificate, { params }));
  const may = useCan()('sites:write');
  const [act, setAct] = useState<Act | null>(null);
  if (shown.data === undefined)
    return shown.error === null ? <Waiting /> : <Failure error={shown.error} onRetry={() => void shown.refetch()} />;
  const { used, next, https } = shown.data;
  const acts = may ? (
    <>
      <Button onClick={() => setAct('make')}>{words.make}</Button>
      <Button onClick={() => setAct('upload')}>{words.upload}</Button>
    </>
  ) : undefined;
  const close = () => setAct(null);
  return (
    <Panel title={words.title} acts={acts}>
      <div className="stack">
        <p className="hint">{https ? words.hint : words.http}</p>
        {used === null ? (
          <p>{words.none}</p>
        ) : (
          <One title={words.used} certificate={used}>
            {may ? <Button onClick={() => setAct('remove used')}>{words.remove}</Button> : null}
          </One>
        )}
        {next === null ? null : (
          <One title={words.next} certificate={next}>
            {may ? (
              <>
                <Button kind="primary" onClick={() => setAct('use')}>
                  {words.use}
                </Button>
                <Button onClick={() => setAct('remove next')}>{words.remove}</Button>
              </>
            ) : null}
          </One>
        )}
      </div>
      {act === 'make' || act === 'upload' ? (
        <Add site={site} first={used === null} uploads={act === 'upload'} onClose={close} />
      ) : null}
      {act === 'use' ? <Use site={site} onClose={close} /> : null}
      {act === 'remove used' ? <Remove site={site} which="used" onClose={close} /> : null}
      {act === 'remove next' ? <Remove site={site} which="next" onClose={close} /> : null}
    </Panel>
  );
}

function One({ title, certificate, children }: { title: string; certificate: OriginCertificate; children: React.ReactNode }) {
  const { made, issuer, notAfter, fingerprint, chain } = certificate;
  return (
    <section className="stack" aria-label={title}>
      <Facts
        facts={[
          [title, made === 'here' ? words.madeHere : words.uploaded(issuer)],
          [words.ends, <When key="ends" at={notAfter} focusable />],
          [words.fingerprint, <code key="fingerprint">{fingerprint}</code>],
        ]}
      />
      <details>
        <summary>{words.trust}</summary>
        <CopyText lines label={`${words.trust} (${title})`} text={chain.trim()} />
      </details>
      <div className="acts">{children}</div>
    </section>
  );
}

function Add({ site, first, uploads, onClose }: { site: Site; first: boolean; uploads: boolean; onClose: () => void }) {
  const add = useAct(addOriginCertificate, touched);
  const [chain, setChain] = useState('');
  const [key, setKey] = useState('');
  const body = uploads ? { chain, key } : ({ make: true } as const);
  return (
    <FormDialog
      title={uploads ? words.upload : words.make}
      action={uploads ? words.upload : words.make}
      busy={add.isPending}
      failure={add.error}
      disabled={uploads && (chain.trim() === '' || key.trim() === '')}
      onSubmit={() => add.mutate({ params: { siteId: site.siteId }, body }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{first ? words.firstText : words.laterText}</p>
      {uploads ? <PemFields chain={chain} onChain={setChain} chainHint={words.chainHint} keyPem={key} onKey={setKey} /> : null}
    </FormDialog>
  );
}

function Use({ site, onClose }: { site: Site; onClose: () => void }) {
  const use = useAct(putOriginCertificateToUse, touched);
  return (
    <FormDialog
      title={words.use}
      action={words.use}
      busy={use.isPending}
      failure={use.error}
      onSubmit={() => use.mutate({ params: { siteId: site.siteId } }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{words.useText}</p>
    </FormDialog>
  );
}

function Remove({ site, which, onClose }: { site: Site; which: Which; onClose: () => void }) {
  const remove = useAct(removeOriginCertificate, touched);
  return (
    <FormDialog
      title={words.removeTitle}
      action={words.remove}
      kind="danger"
      busy={remove.isPending}
      failure={remove.error}
      onSubmit={() => remove.mutate({ params: { siteId: site.siteId, which } }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{words.removeTexts[which]}</p>
    </FormDialog>
  );
}
