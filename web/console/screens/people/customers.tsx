/** The customers: accounts that own sites. */
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { addAccount, listAccounts, listPeople } from '../../../../contract/routes/identity.ts';
import type { OneTimeLink } from '../../../../contract/routes/identity.ts';
import { useAct, usePages } from '../../api/queries.ts';
import { whole } from '../../format/number.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { TextField, WithMistakes } from '../../parts/field.tsx';
import { Failure } from '../../parts/failure.tsx';
import { FilterBar } from '../../parts/filters.tsx';
import { More } from '../../parts/more.tsx';
import { Empty, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { people } from '../../words/en/people.ts';
import { language, say } from '../../words/index.ts';

const words = people.customers;
const columns = [
  { key: 'name', head: words.columns.name },
  { key: 'people', head: words.columns.people, align: 'end' },
  { key: 'since', head: words.columns.since },
] as const;

export function Customers({ onLink }: { onLink: (handed: { name: string; link: OneTimeLink }) => void }) {
  const can = useCan();
  const [adding, setAdding] = useState(false);
  const pages = usePages(listAccounts, {});
  const add = can('people:write') ? (
    <Button kind="primary" onClick={() => setAdding(true)} data-new>
      {words.add}
    </Button>
  ) : undefined;
  return (
    <>
      <FilterBar shown={pages.items === undefined ? null : say.list.shown(pages.items.length, pages.total, words.what)}>
        {add}
      </FilterBar>
      <Failure error={pages.error} onRetry={pages.reload} />
      {pages.items === undefined ? (
        pages.error === null ? (
          <Waiting />
        ) : null
      ) : pages.items.length === 0 ? (
        <Empty title={words.empty.title}>
          <p>{words.empty.text}</p>
        </Empty>
      ) : (
        <Table caption={people.tabs.customers} columns={columns}>
          {pages.items.map((account) => (
            <tr key={account.accountId}>
              <td>
                <span className="row-link">{account.name}</span>
              </td>
              <td data-align="end">{whole(account.people, language)}</td>
              <td>
                <When at={account.createdAt} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <More pages={pages} />
      {adding ? (
        <AddCustomer
          onClose={() => setAdding(false)}
          onAdded={(handed) => {
            setAdding(false);
            onLink(handed);
          }}
        />
      ) : null}
    </>
  );
}

function AddCustomer({
  onClose,
  onAdded,
}: {
  onClose: () => void;
  onAdded: (handed: { name: string; link: OneTimeLink }) => void;
}) {
  const [draft, setDraft] = useState({ name: '', ownerName: '' });
  const add = useAct(addAccount, [listAccounts, listPeople]);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    add.mutate({ body: draft }, { onSuccess: ({ owner, link }) => onAdded({ name: owner.name, link }) });
  };
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <WithMistakes fields={add.error?.fields ?? []}>
          <TextField
            label={words.name}
            path="name"
            value={draft.name}
            onChange={({ target: { value } }) => setDraft((now) => ({ ...now, name: value }))}
          />
          <TextField
            label={words.owner}
            path="ownerName"
            value={draft.ownerName}
            onChange={({ target: { value } }) => setDraft((now) => ({ ...now, ownerName: value }))}
          />
        </WithMistakes>
        <Failure error={add.error} />
        <div className="acts">
          <Button kind="primary" type="submit" busy={add.isPending}>
            {add.isPending ? say.act.working : words.submit}
          </Button>
          <Button onClick={onClose}>{say.act.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}
