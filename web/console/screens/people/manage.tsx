/** Everything that can be done to one person: roles, a new link, signing out, disabling. */
import { useState } from 'react';
import type { Role } from '../../../../contract/access.ts';
import { changePerson, endSessionsOfPerson, listPeople, renewInvitation } from '../../../../contract/routes/identity.ts';
import type { OneTimeLink, Person } from '../../../../contract/routes/identity.ts';
import { useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { ConfirmByTyping, Dialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notices.tsx';
import { RolePicker } from '../../parts/role-picker.tsx';
import { people } from '../../words/en/people.ts';

const words = people.manage;

export function ManageDialog({
  person,
  onClose,
  onLink,
}: {
  person: Person;
  onClose: () => void;
  onLink: (link: OneTimeLink) => void;
}) {
  const [roles, setRoles] = useState<readonly Role[]>(person.roles);
  const [disabling, setDisabling] = useState(false);
  const change = useAct(changePerson, [listPeople]);
  const renew = useAct(renewInvitation, [listPeople]);
  const end = useAct(endSessionsOfPerson, [listPeople]);
  const params = { personId: person.personId };
  const owner = person.roles.includes('owner');
  const done = (text: string) => ({
    onSuccess: () => {
      notify(text);
      onClose();
    },
  });

  if (disabling) {
    return (
      <ConfirmByTyping
        title={words.disableTitle(person.name)}
        name={person.name}
        action={words.disable}
        busy={change.isPending}
        failure={change.error}
        onClose={onClose}
        onConfirm={() => change.mutate({ params, body: { disabled: true } }, done(words.disabled(person.name)))}
      >
        <p>{words.disableHelp}</p>
      </ConfirmByTyping>
    );
  }
  return (
    <Dialog title={words.title(person.name)} onClose={onClose}>
      <div className="stack">
        {owner ? (
          <p className="hint">{words.ownerRoles}</p>
        ) : (
          <>
            <RolePicker
              legend={people.inviteDialog.roles}
              roles={roles}
              without={['owner']}
              mistake={roles.length === 0 ? people.inviteDialog.rolesMissing : null}
              onChange={setRoles}
            />
            <Button
              kind="primary"
              disabled={roles.length === 0 || sameRoles(roles, person.roles)}
              busy={change.isPending}
              onClick={() => change.mutate({ params, body: { roles: [...roles] } }, done(words.saved(person.name)))}
            >
              {words.save}
            </Button>
          </>
        )}
        <Failure error={change.error ?? renew.error ?? end.error} />
        <hr />
        {person.state === 'disabled' ? (
          <Button
            busy={change.isPending}
            onClick={() => change.mutate({ params, body: { disabled: false } }, done(words.enabled(person.name)))}
          >
            {words.enable}
          </Button>
        ) : (
          <>
            <div>
              <Button busy={renew.isPending} onClick={() => renew.mutate({ params }, { onSuccess: onLink })}>
                {words.newLink}
              </Button>
              <p className="hint">{words.newLinkHelp}</p>
            </div>
            <div className="acts">
              <Button
                busy={end.isPending}
                onClick={() => end.mutate({ params }, { onSuccess: ({ ended }) => notify(words.signedOut(ended)) })}
              >
                {words.signOut}
              </Button>
              <Button kind="danger" onClick={() => setDisabling(true)}>
                {words.disable}
              </Button>
            </div>
          </>
        )}
      </div>
    </Dialog>
  );
}

function sameRoles(one: readonly Role[], other: readonly Role[]): boolean {
  return one.length === other.length && one.every((role) => other.includes(role));
}
