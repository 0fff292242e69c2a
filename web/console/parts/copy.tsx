/** Text to be copied: shown whole, in mono, with a button that says when it has done so. */
import { useState } from 'react';
import { say } from '../words/index.ts';
import { Button } from './button.tsx';

export function CopyText({ text, label, lines = false }: { text: string; label: string; lines?: boolean }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => setCopied(true));
  };
  return (
    <div className="copy" data-lines={lines || undefined}>
      <code tabIndex={0} aria-label={label}>
        {text}
      </code>
      <Button onClick={copy} aria-label={`${say.act.copy}: ${label}`}>
        <span aria-live="polite">{copied ? say.act.copied : say.act.copy}</span>
      </Button>
    </div>
  );
}
