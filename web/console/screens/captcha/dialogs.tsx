/** Windows of captcha keys: making one, a secret that is shown once, renewing and removing. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { SiteId } from '../../../../contract/ids.ts';
import {
  addCaptchaKey,
  getCaptchaKey,
  listCaptchaKeys,
  removeCaptchaKey,
  renewCaptchaSecret,
} from '../../../../contract/routes/captcha-keys.ts';
import type { CaptchaKey, CaptchaKeyWithSecret } from '../../../../contract/routes/captcha-keys.ts';
import { listSites } from '../../../../contract/routes/sites.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy.tsx';
import { ConfirmByTyping, Dialog, FormDialog } from '../../parts/dialog.tsx';
import { SelectField, TextArea, TextField } from '../../parts/field.tsx';
import { captcha as words } from '../../words/en/captcha.ts';

const mostSites = 500;
export const touched = [listCaptchaKeys, getCaptchaKey];

export function linesOf(text: string): string[] {
  return text.split(/\s+/u).filter((line) => line !== '');
}

/** Sites to choose from; the value is an id, or nothing. */
export function SiteField({ value, onChange }: { value: string; onChange: (siteId: string) => void }) {
  const sites = useQuery(ask(listSites, { query: { limit: mostSites } }));
  return (
    <SelectField label={words.fields.site} path="siteId" value={value} onChange={({ target }) => onChange(target.value)}>
      <option value="">{words.fields.noSite}</option>
      {sites.data?.items.map(({ siteId, name }) => (
        <option key={siteId} value={siteId}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}

export function AddKey({ onMade, onClose }: { onMade: (made: CaptchaKeyWithSecret) => void; onClose: () => void }) {
  const add = useAct(addCaptchaKey, touched);
  const [name, setName] = useState('');
  const [site, setSite] = useState('');
  const [hostnames, setHostnames] = useState('');
  const submit = () => {
    const typed = linesOf(hostnames);
    const siteId = SiteId.safeParse(site);
    const body = {
      name,
      ...(siteId.success ? { siteId: siteId.data } : {}),
      ...(typed.length === 0 ? {} : { hostnames: typed }),
    };
    add.mutate({ body }, { onSuccess: onMade });
  };
  return (
    <FormDialog
      title={words.add}
      action={words.add}
      busy={add.isPending}
      failure={add.error}
      disabled={name.trim() === ''}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField label={words.fields.name} path="name" value={name} onChange={({ target }) => setName(target.value)} />
      <SiteField value={site} onChange={setSite} />
      <TextArea
        label={words.fields.hostnames}
        hint={words.fields.hostnamesHint}
        path="hostnames"
        spellCheck={false}
        value={hostnames}
        onChange={({ target }) => setHostnames(target.value)}
      />
    </FormDialog>
  );
}

export function SecretShown({ made: { key, secret }, onClose }: { made: CaptchaKeyWithSecret; onClose: () => void }) {
  return (
    <Dialog title={words.secret.title(key.name)} onClose={onClose}>
      <div className="stack">
        <p className="note" data-tone="caution">
          {words.secret.shown}
        </p>
        <CopyText text={secret} label={words.secret.label} />
        <CopyText text={key.siteKey} label={words.secret.siteKey} />
        <Button kind="primary" onClick={onClose}>
          {words.secret.done}
        </Button>
      </div>
    </Dialog>
  );
}

const overlaps = ['24', '1', '168', '0'] as const;

export function RenewSecret({
  captchaKey: { keyId },
  onMade,
  onClose,
}: {
  captchaKey: CaptchaKey;
  onMade: (made: CaptchaKeyWithSecret) => void;
  onClose: () => void;
}) {
  const renew = useAct(renewCaptchaSecret, touched);
  const [hours, setHours] = useState('24');
  const submit = () => renew.mutate({ params: { keyId }, body: { oldEndsInHours: Number(hours) } }, { onSuccess: onMade });
  return (
    <FormDialog
      title={words.secret.renew}
      action={words.secret.renew}
      busy={renew.isPending}
      failure={renew.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>{words.secret.renewLead}</p>
      <SelectField label={words.secret.overlap} value={hours} onChange={({ target }) => setHours(target.value)}>
        {overlaps.map((value) => (
          <option key={value} value={value}>
            {words.secret.overlaps[value]}
          </option>
        ))}
      </SelectField>
    </FormDialog>
  );
}

export function RemoveKey({
  captchaKey: { keyId, name },
  onRemoved,
  onClose,
}: {
  captchaKey: CaptchaKey;
  onRemoved: () => void;
  onClose: () => void;
}) {
  // Only the list: the key itself is gone, and asking for it again would say so on this very screen.
  const remove = useAct(removeCaptchaKey, [listCaptchaKeys]);
  return (
    <ConfirmByTyping
      title={words.removeTitle}
      name={name}
      action={words.remove}
      busy={remove.isPending}
      failure={remove.error}
      onConfirm={() => remove.mutate({ params: { keyId } }, { onSuccess: onRemoved })}
      onClose={onClose}
    >
      <p>{words.removeText}</p>
    </ConfirmByTyping>
  );
}
