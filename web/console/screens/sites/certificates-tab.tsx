/** A site's certificates: what each hostname is answered with, how the authority was asked, the owner's own, how plain http is met, and what the origin is shown. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { CertificateSource, PlainHttp } from '../../../../contract/certificates.ts';
import type { HttpsSettings } from '../../../../contract/certificates.ts';
import {
  addCertificate,
  listCertificates,
  orderCertificates,
  removeCertificate,
} from '../../../../contract/routes/certificates.ts';
import type { Certificate, SiteCertificates } from '../../../../contract/routes/certificates.ts';
import { changeSite, getSite, listSites } from '../../../../contract/routes/sites.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { FormDialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { SelectField } from '../../parts/field.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { certificates as words } from '../../words/en/certificates.ts';
import { OriginCertificatePanel } from './origin-certificate.tsx';
import { PemFields } from './pem-fields.tsx';

const touched = [listCertificates, getSite];

export default function CertificatesTab({ site }: { site: Site }) {
  const params = { siteId: site.siteId };
  const shown = useQuery(ask(listCertificates, { params }));
  const may = useCan()('sites:write');
  const order = useAct(orderCertificates, touched);
  const [uploading, setUploading] = useState(false);
  const [removing, setRemoving] = useState<Certificate | null>(null);
  if (shown.data === undefined)
    return shown.error === null ? <Waiting /> : <Failure error={shown.error} onRetry={() => void shown.refetch()} />;
  const { authority, certificates } = shown.data;
  const acts = may ? (
    <>
      {authority.directory !== null && site.https.certificates === 'acme' ? (
        <Button busy={order.isPending} onClick={() => order.mutate({ params })}>
          {words.order}
        </Button>
      ) : null}
      <Button onClick={() => setUploading(true)}>{words.upload}</Button>
    </>
  ) : undefined;
  return (
    <>
      <Panel title={words.names} acts={acts}>
        <div className="stack">
          <Failure error={order.error} />
          {authority.directory === null ? <p className="hint">{words.noAuthority}</p> : null}
          <Names shown={shown.data} />
        </div>
      </Panel>
      {certificates.length === 0 ? null : (
        <Panel title={words.held}>
          <Held certificates={certificates} onRemove={may ? setRemoving : null} />
        </Panel>
      )}
      {may ? <Settings site={site} /> : null}
      <OriginCertificatePanel site={site} />
      {uploading ? <Upload site={site} onClose={() => setUploading(false)} /> : null}
      {removing === null ? null : <Remove site={site} certificate={removing} onClose={() => setRemoving(null)} />}
    </>
  );
}

function Names({ shown }: { shown: SiteCertificates }) {
  const { columns, states } = words;
  const heads = (['hostname', 'certificate', 'ends', 'authority'] as const).map((key) => ({ key, head: columns[key] }));
  return (
    <Table caption={words.names} columns={heads}>
      {shown.hostnames.map(({ hostname, certificateId, wish }) => {
        const held = shown.certificates.find((one) => one.certificateId === certificateId);
        const state = wish?.state ?? 'none';
        const bad = state === 'failed' || state === 'stuck';
        return (
          <tr key={hostname}>
            <th scope="row">{hostname}</th>
            <td>{held === undefined ? words.noCertificate : held.source === 'own' ? words.own(held.issuer) : held.issuer}</td>
            <td>{held === undefined ? null : <When at={held.notAfter} focusable />}</td>
            <td>
              <Badge tone={bad ? 'caution' : state === 'held' ? 'good' : 'off'}>{states[state]}</Badge>
              {wish === null || wish.finding === null ? null : <p className="hint">{wish.finding}</p>}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

function Held({
  certificates,
  onRemove,
}: {
  certificates: readonly Certificate[];
  onRemove: ((certificate: Certificate) => void) | null;
}) {
  const heads = (['names', 'issuer', 'ends', 'serves', 'acts'] as const).map((key) => ({ key, head: words.heldColumns[key] }));
  return (
    <Table caption={words.held} columns={heads}>
      {certificates.map((one) => (
        <tr key={one.certificateId}>
          <th scope="row">{one.names.join(', ')}</th>
          <td>{one.source === 'own' ? words.own(one.issuer) : one.issuer}</td>
          <td>
            <When at={one.notAfter} focusable />
          </td>
          <td>{one.serves.length === 0 ? words.servesNone : one.serves.join(', ')}</td>
          <td>{onRemove === null ? null : <Button onClick={() => onRemove(one)}>{words.remove}</Button>}</td>
        </tr>
      ))}
    </Table>
  );
}

const hstsSeconds = { none: null, day: 86_400, month: 30 * 86_400, year: 365 * 86_400 } as const;
type HstsChoice = keyof typeof hstsSeconds;
const hstsChoices: readonly HstsChoice[] = ['none', 'day', 'month', 'year'];

function hstsOf(choice: string, held: HttpsSettings['hsts']): HttpsSettings['hsts'] {
  const known = hstsChoices.find((one) => one === choice);
  const seconds = known === undefined ? (held?.maxAgeSeconds ?? null) : hstsSeconds[known];
  if (seconds === null) return null;
  return { includeSubdomains: false, preload: false, ...held, maxAgeSeconds: seconds };
}

function Settings({ site }: { site: Site }) {
  const { https } = site;
  const save = useAct(changeSite, [getSite, listSites, listCertificates]);
  const present = hstsChoices.find((one) => hstsSeconds[one] === (https.hsts?.maxAgeSeconds ?? null)) ?? 'other';
  const [plain, setPlain] = useState(https.plain);
  const [source, setSource] = useState(https.certificates);
  const [hsts, setHsts] = useState<string>(present);
  const submit = () =>
    save.mutate({
      params: { siteId: site.siteId },
      body: { https: { plain, certificates: source, hsts: hstsOf(hsts, https.hsts) } },
    });
  return (
    <Panel title={words.settings}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <SelectField
          label={words.source}
          value={source}
          onChange={({ target }) => setSource(CertificateSource.parse(target.value))}
        >
          {CertificateSource.options.map((one) => (
            <option key={one} value={one}>
              {words.sources[one]}
            </option>
          ))}
        </SelectField>
        <SelectField
          label={words.plain}
          hint={words.plainHint}
          value={plain}
          onChange={({ target }) => setPlain(PlainHttp.parse(target.value))}
        >
          {PlainHttp.options.map((one) => (
            <option key={one} value={one}>
              {words.plains[one]}
            </option>
          ))}
        </SelectField>
        <SelectField label={words.hsts} hint={words.hstsHint} value={hsts} onChange={({ target }) => setHsts(target.value)}>
          {hstsChoices.map((one) => (
            <option key={one} value={one}>
              {words.hstsFor[one]}
            </option>
          ))}
          {present === 'other' ? <option value="other">{words.hstsOther(https.hsts?.maxAgeSeconds ?? 0)}</option> : null}
        </SelectField>
        <Failure error={save.error} />
        <div className="acts">
          <Button kind="primary" type="submit" busy={save.isPending}>
            {words.save}
          </Button>
          {save.isSuccess ? <span role="status">{words.saved}</span> : null}
        </div>
      </form>
    </Panel>
  );
}

function Upload({ site, onClose }: { site: Site; onClose: () => void }) {
  const upload = useAct(addCertificate, touched);
  const [chain, setChain] = useState('');
  const [key, setKey] = useState('');
  const submit = () => upload.mutate({ params: { siteId: site.siteId }, body: { chain, key } }, { onSuccess: onClose });
  return (
    <FormDialog
      title={words.upload}
      action={words.upload}
      busy={upload.isPending}
      failure={upload.error}
      disabled={chain.trim() === '' || key.trim() === ''}
      onSubmit={submit}
      onClose={onClose}
    >
      <PemFields chain={chain} onChain={setChain} chainHint={words.chainHint} keyPem={key} onKey={setKey} />
    </FormDialog>
  );
}

function Remove({ site, certificate, onClose }: { site: Site; certificate: Certificate; onClose: () => void }) {
  const remove = useAct(removeCertificate, touched);
  const params = { siteId: site.siteId, certificateId: certificate.certificateId };
  return (
    <FormDialog
      title={words.removeTitle}
      action={words.remove}
      kind="danger"
      busy={remove.isPending}
      failure={remove.error}
      onSubmit={() => remove.mutate({ params }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{certificate.names.join(', ')}</p>
      <p>{words.removeText}</p>
    </FormDialog>
  );
}
