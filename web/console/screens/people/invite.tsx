/** Invites a person: name and roles, then the link. */
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import type { Role } from '../../../../contract/access.ts';
import { invitePerson, listPeople } from '../../../../contract/routes/identity.ts';
import type { OneTimeLink } from '../../../../contract/routes/identity.ts';
import { useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { TextField, WithMistakes } from '../../parts/field.tsx';
import { Failure } from '../../parts/failure.tsx';
import { RolePicker } from '../../parts/role-picker.tsx';
import { people } from '../../words/en/people.ts';
import { say } from '../../words/index.ts';

const words = people.inviteDialog;

export function InviteDialog({
  onClose,
  onInvited,
}: {
  onClose: () => void;
  onInvited: (name: string, link: OneTimeLink) => void;
}) {
  const [name, setName] = useState('');
  const [roles, setRoles] = useState<readonly Role[]>([]);
  const [tried, setTried] = useState(false);
  const invite = useAct(invitePerson, [listPeople]);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (roles.length === 0) return;
    invite.mutate({ body: { name, roles: [...roles] } }, { onSuccess: ({ person, link }) => onInvited(person.name, link) });
  };
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <p>{words.lead}</p>
        <WithMistakes fields={invite.error?.fields ?? []}>
          <TextField
            label={words.name}
            hint={words.nameHint}
            path="name"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <RolePicker
            legend={words.roles}
            hint={words.rolesHint}
            roles={roles}
            without={['owner']}
            mistake={tried && roles.length === 0 ? words.rolesMissing : null}
            onChange={setRoles}
          />
        </WithMistakes>
        <Failure error={invite.error} />
        <div className="acts">
          <Button kind="primary" type="submit" busy={invite.isPending}>
            {invite.isPending ? say.act.working : words.submit}
          </Button>
          <Button onClick={onClose}>{say.act.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}
