/** A one-time link, shown once, to be handed over. */
import type { OneTimeLink as Link } from '../../../contract/routes/identity.ts';
import { people } from '../words/en/people.ts';
import { Button } from './button.tsx';
import { CopyText } from './copy.tsx';
import { Dialog } from './dialog.tsx';
import { Exactly } from './when.tsx';

const words = people.inviteDialog;

export function OneTimeLinkDialog({ name, link, onClose }: { name: string; link: Link; onClose: () => void }) {
  return (
    <Dialog title={words.linkTitle(name)} onClose={onClose}>
      <div className="stack">
        <p className="note" data-tone="caution">
          {words.shown}
        </p>
        <CopyText text={link.url} label={words.link} />
        <p>
          {words.expires} <Exactly at={link.expiresAt} />.
        </p>
        <Button kind="primary" onClick={onClose}>
          {words.done}
        </Button>
      </div>
    </Dialog>
  );
}
