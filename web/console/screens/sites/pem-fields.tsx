/** Two fields for a certificate with its chain and for its private key, as PEM text. What is in them is checked by the server. */
import { TextArea } from '../../parts/field.tsx';
import { certificates as words } from '../../words/en/certificates.ts';

export function PemFields({
  chain,
  onChain,
  chainHint,
  keyPem,
  onKey,
}: {
  chain: string;
  onChain: (chain: string) => void;
  chainHint: string;
  /** Not named `key`: React keeps that word for itself. */
  keyPem: string;
  onKey: (key: string) => void;
}) {
  return (
    <>
      <TextArea
        label={words.chain}
        hint={chainHint}
        path="chain"
        rows={6}
        spellCheck={false}
        value={chain}
        onChange={({ target }) => onChain(target.value)}
      />
      <TextArea
        label={words.key}
        hint={words.keyHint}
        path="key"
        rows={6}
        spellCheck={false}
        autoComplete="off"
        value={keyPem}
        onChange={({ target }) => onKey(target.value)}
      />
    </>
  );
}
