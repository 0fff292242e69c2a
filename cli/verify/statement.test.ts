import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { canonicalJson } from '../../contract/canonical.ts';
import { checkpointText, cosignatureLine, cosignedText, noteKey, readNote, signatureLine } from '../../contract/record/note.ts';
import { proofFileText, readProofFile } from '../../contract/record/proof-file.ts';
import { statementText } from '../../contract/record/statement.ts';
import { leafHash } from '../../contract/record/tree.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../../kit/ed25519.ts';
import { sha256 } from '../../kit/sha256.ts';
import { checkStatement, StatementFile } from './statement.ts';

const pair = generateSigningKeyPair();
const key = noteKey(sha256, 'shield.example/record', pair.publicKey);
const verify = (publicKey: string, text: string, signature: string): boolean => textVerifier(publicKey)(text, signature);
const hex = (text: string): string => Buffer.from(sha256(Buffer.from(text))).toString('hex');

/** A statement alone in its record, with whatever a rewriter puts in afterwards. */
function file(
  change: (made: { statement: Record<string, unknown>; leaf: Record<string, unknown> }) => void = () => {},
): StatementFile {
  const statement = { decision: 'D-2026-0001', reason: 'A reason.', scope: { hostnames: ['forum.example'], path: null } };
  const at = '2026-11-22T16:00:00.000Z';
  const leaf = { v: 1, type: 'statement', at, decision: 'D-2026-0001', version: 1, sha256: hex(statementText(statement)) };
  const made = {
    statement: structuredClone<Record<string, unknown>>(statement),
    leaf: structuredClone<Record<string, unknown>>(leaf),
  };
  const text = checkpointText({ origin: key.name, size: 1, root: leafHash(sha256, Buffer.from(canonicalJson(leaf))) });
  const checkpoint = `${text}\n${signatureLine(key, textSigner(pair.privateKey)(text))}`;
  change(made);
  const leafText = JSON.stringify(made.leaf, Object.keys(made.leaf).sort());
  const record = {
    leaf: leafText,
    leafSha256: hex(leafText),
    version: 1,
    recordedAt: at,
    proofUrl: 'https://shield.example/record/proof/x',
    versionsUrl: 'https://shield.example/decisions/D-2026-0001/versions.json',
  };
  return StatementFile.parse({
    v: 1,
    statement: { ...made.statement, receipts: { expected: 3 }, record },
    proof: proofFileText({ index: 0, path: [], checkpoint }),
  });
}

const check = (given: StatementFile) => checkStatement(given, [key], verify);

describe('a statement', () => {
  it('holds with its proof, however many receipts there are by now', () => {
    expect(check(file())).toMatchObject({ kind: 'holds', decision: 'D-2026-0001', version: 1, index: 0, size: 1 });
  });

  it('does not hold when any word of it, its leaf, or the signer is another', () => {
    expect(check(file(({ statement }) => void (statement['reason'] = 'Another.')))).toMatchObject({ kind: 'broken' });
    expect(check(file(({ statement }) => void (statement['more'] = true)))).toMatchObject({ kind: 'broken' });
    const both = file(({ statement, leaf }) => {
      statement['reason'] = 'Another.';
      leaf['sha256'] = hex(
        statementText({ decision: 'D-2026-0001', reason: 'Another.', scope: { hostnames: ['forum.example'], path: null } }),
      );
    });
    expect(check(both)).toEqual({ kind: 'broken', why: 'the leaf is not in the tree that was signed' });
    expect(check(file(({ leaf }) => void (leaf['at'] = '2026-11-21T16:00:00.000Z')))).toMatchObject({ kind: 'broken' });
    expect(check(file(({ leaf }) => void (leaf['decision'] = 'D-2026-0002')))).toMatchObject({ kind: 'broken' });
    const stranger = noteKey(sha256, key.name, generateSigningKeyPair().publicKey);
    expect(checkStatement(file(), [stranger], verify)).toMatchObject({ kind: 'broken', why: expect.stringContaining('signed') });
  });

  it('does not hold without a witness that was asked for, and holds with it', () => {
    const seen = generateSigningKeyPair();
    const witness = noteKey(sha256, 'witness.example', seen.publicKey, 'witness');
    const whole = file();
    const text = readNote(readProofFile(whole.proof)?.checkpoint ?? '')?.text ?? '';
    const line = cosignatureLine(witness, 1_790_000_000, textSigner(seen.privateKey)(cosignedText(text, 1_790_000_000)));
    expect(checkStatement(whole, [key, witness], verify)).toMatchObject({
      why: 'the witness witness.example has not signed this checkpoint',
    });
    const cosigned = { ...whole, proof: whole.proof + line };
    expect(checkStatement(cosigned, [key, witness], verify)).toMatchObject({
      kind: 'holds',
      witnesses: [{ name: 'witness.example', at: '2026-09-21T14:13:20.000Z' }],
    });
  });

  it('is never taken for whole when a byte of its proof is changed, nor does that throw', () => {
    const whole = file();
    fc.assert(
      fc.property(fc.nat(whole.proof.length - 1), fc.string({ minLength: 1, maxLength: 3 }), (at, put) => {
        const proof = whole.proof.slice(0, at) + put + whole.proof.slice(at + 1);
        if (proof !== whole.proof) expect(check({ ...whole, proof }).kind).toBe('broken');
      }),
    );
  });
});
