/** Opens one sealed identity with a reason. What comes back is kept nowhere: closing the window forgets it. */
import type { z } from 'zod';
import { unseal } from '../../../../contract/routes/desk/cases.ts';
import { unsealAuthority } from '../../../../contract/routes/desk/pressure.ts';
import type { AuthorityRequest } from '../../../../contract/routes/desk/pressure.ts';
import type { ApiError } from '../../api/client.ts';
import { useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { AskReason, Dialog } from '../../parts/dialog.tsx';
import { Facts } from '../../parts/facts.tsx';
import { caseWords } from '../../words/en/case.ts';
import { say } from '../../words/index.ts';

const words = caseWords.unseal;

export function Unseal({
  caseId,
  what,
  label,
  onClose,
}: {
  caseId: string;
  what: z.input<typeof unseal.body>['what'];
  label: string;
  onClose: () => void;
}) {
  const open = useAct(unseal);
  return (
    <Sealed
      label={label}
      opened={open.data ?? null}
      busy={open.isPending}
      failure={open.error}
      onOpen={(reason) => open.mutate({ params: { caseId }, body: { what, reason } })}
      onForget={open.reset}
      onClose={onClose}
    />
  );
}

/** Who sent an authority's request. */
export function UnsealSender({ request, onClose }: { request: AuthorityRequest; onClose: () => void }) {
  const open = useAct(unsealAuthority);
  return (
    <Sealed
      label={request.agency}
      opened={open.data ?? null}
      busy={open.isPending}
      failure={open.error}
      onOpen={(reason) => open.mutate({ params: { authorityId: request.authorityId }, body: { reason } })}
      onForget={open.reset}
      onClose={onClose}
    />
  );
}

function Sealed({
  label,
  opened,
  busy,
  failure,
  onOpen,
  onForget,
  onClose,
}: {
  label: string;
  opened: z.output<typeof unseal.answer> | null;
  busy: boolean;
  failure: ApiError | null;
  onOpen: (reason: string) => void;
  onForget: () => void;
  onClose: () => void;
}) {
  const close = () => {
    onForget();
    onClose();
  };
  if (opened === null) {
    return (
      <AskReason
        {...{ title: words.title, label: words.reason, hint: words.reasonHint, action: words.act, kind: 'danger', least: 10 }}
        busy={busy}
        failure={failure}
        onClose={close}
        onConfirm={onOpen}
      >
        <p>{words.lead(label)}</p>
      </AskReason>
    );
  }
  return (
    <Dialog title={label} onClose={close}>
      <div className="stack">
        <p className="note" data-tone="caution">
          {words.shown}
        </p>
        {opened.fields.length === 0 ? (
          <p>{words.nothing}</p>
        ) : (
          <Facts
            facts={opened.fields.map((field) => [field.name, <span className="report-text">{field.value}</span>] as const)}
          />
        )}
        <Button kind="primary" onClick={close}>
          {say.act.close}
        </Button>
      </div>
    </Dialog>
  );
}
