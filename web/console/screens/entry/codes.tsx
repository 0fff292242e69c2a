/** Recovery codes, shown once: copy or save, say so, go on. */
import { useState } from 'react';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy.tsx';
import { CheckField } from '../../parts/field.tsx';
import { entry } from '../../words/en/entry.ts';

const words = entry.codes;

export function RecoveryCodes({ codes, action, onKept }: { codes: readonly string[]; action: string; onKept: () => void }) {
  const [kept, setKept] = useState(false);
  const text = codes.join('\n');
  const save = () => {
    const url = URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/plain' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = 'portcullis-recovery-codes.txt';
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <div className="stack">
      <CopyText text={text} label={words.label} lines />
      <Button onClick={save}>{words.download}</Button>
      <CheckField label={words.kept} checked={kept} onChange={(event) => setKept(event.target.checked)} />
      <Button kind="primary" disabled={!kept} onClick={onKept}>
        {action}
      </Button>
    </div>
  );
}
