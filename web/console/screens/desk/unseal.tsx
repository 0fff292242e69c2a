/** Opens one sealed identity with a reason. What comes back is kept nowhere: closing the window forgets it. */
import type { z } from 'zod';
import { unseal } from '../../../../contract/routes/desk/cases.ts';
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
  const close = () => {
    open.reset();
    onClose();
  };
  if (open.data === undefined) {
    return (
      <AskReason
        {...{ title: words.title, label: words.reason, hint: words.reasonHint, action: words.act, kind: 'danger', least: 10 }}
        busy={open.isPending}
        failure={open.error}
        onClose={close}
        onConfirm={(reason) => open.mutate({ params: { caseId }, body: { what, reason } })}
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
        {open.data.fields.length === 0 ? (
          <p>{words.nothing}</p>
        ) : (
          <Facts
            facts={open.data.fields.map((field) => [field.name, <span className="report-text">{field.value}</span>] as const)}
          />
        )}
        <Button kind="primary" onClick={close}>
          {say.act.close}
        </Button>
      </div>
    </Dialog>
  );
}
