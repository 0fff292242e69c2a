/** The record before two witnesses, as other parties would run them, and one that lies; and a record that was restored from an older backup. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { noteKey, noteKeyText, openCheckpoint, readNote, readNoteKey, witnessedAt } from '../contract/record/note.ts';
import type { NoteKey } from '../contract/record/note.ts';
import { publishCriteria } from '../contract/routes/desk/decisions.ts';
import { listAlarms } from '../contract/routes/house.ts';
import { generateSigningKeyPair, textVerifier } from '../kit/ed25519.ts';
import { sha256 } from '../kit/sha256.ts';
import { startControlHouse } from './harness/control-house.ts';
import type { ControlHouse } from './harness/control-house.ts';
import { freePort, removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { startProgram } from './harness/program.ts';
import type { Program } from './harness/program.ts';
import { embeddedAddress } from './harness/stores.ts';

const verify = (key: string, text: string, signature: string): boolean => textVerifier(key)(text, signature);
const pair = generateSigningKeyPair();
const log = noteKey(sha256, 'shield.example/record', pair.publicKey);
const liar = noteKey(sha256, 'liar.example', generateSigningKeyPair().publicKey, 'witness');
const folder = temporaryFolder('record-witness');
const programs: Program[] = [];
let lying: Server | null = null;
let house: ControlHouse | null = null;

afterAll(async () => {
  await house?.stop();
  for (const program of programs) await program.stop('SIGTERM');
  await new Promise((done) => (lying === null ? done(null) : lying.close(done)));
  removeFolder(folder);
});

async function startWitness(name: string): Promise<{ url: string; key: NoteKey }> {
  const flags = ['--name', name, '--log', noteKeyText(log), '--listen', '127.0.0.1:0', '--state', path.join(folder, name)];
  const program = startProgram(['witness', ...flags]);
  programs.push(program);
  await until(`${name} listens`, () => program.output().includes('listening'));
  const { url, key: text } = z.object({ url: z.url(), key: z.string() }).parse(JSON.parse(program.output()));
  const key = readNoteKey(sha256, text);
  if (key === null) throw new Error(`its key does not read: ${text}`);
  return { url, key };
}

it('two witnesses sign what goes on, a liar is told of, and a restored record is found out by those who signed the longer one', async () => {
  const honest = await Promise.all([startWitness('witness-a.example'), startWitness('witness-b.example')]);
  const lyingPort = await freePort();
  lying = createServer((_request, response) => response.end('— liar.example AAAAAAAAAAAA\n'));
  await new Promise<void>((done) => lying?.listen(lyingPort, '127.0.0.1', done));
  const dbFolder = path.join(folder, 'db');
  const started = await startControlHouse(
    await embeddedAddress(dbFolder),
    { publicUrl: 'https://shield.example', recordWitnesses: [...honest, { key: liar, url: `http://127.0.0.1:${lyingPort}` }] },
    {
      prepare: (state) => {
        mkdirSync(path.join(state, 'control'), { recursive: true });
        writeFileSync(path.join(state, 'control', 'record.key'), `${pair.privateKey}\n`, { mode: 0o600 });
      },
    },
  );
  house = started;
  const signed = async () => {
    const text = await (await fetch(`${started.url()}/record/checkpoint`)).text();
    const note = readNote(text);
    const by = honest.filter(({ key }) => note !== null && witnessedAt(note, key, verify) !== null);
    return { size: openCheckpoint(text, [log], verify)?.size ?? 0, by: by.length };
  };
  const alarms = async () => {
    const { items } = await started.operator().call(listAlarms, { query: {} });
    return items.filter(({ kind }) => kind === 'record').map(({ sentence }) => sentence);
  };
  const publish = (title: string) =>
    started.lead().call(publishCriteria, { body: { title, text: `${title}: words that are published as criteria. `.repeat(4) } });
  const witnessed = async () => {
    const { size, by } = await signed();
    return size > 0 && by === 2 && size;
  };

  await publish('First');
  await until('both have signed', witnessed);
  await until('the liar is told of', async () => (await alarms()).length > 0);
  expect(await alarms()).toEqual(['The witness liar.example answered with something that is not its signature.']);

  const before = (await signed()).size;
  await started.stopControl();
  cpSync(dbFolder, `${dbFolder}-backup`, { recursive: true });
  await started.startControl();
  await publish('Second');
  await until('both have signed the longer one', async () => (await signed()).size > before && (await witnessed()) !== false);

  await started.stopControl();
  rmSync(dbFolder, { recursive: true });
  cpSync(`${dbFolder}-backup`, dbFolder, { recursive: true });
  rmSync(path.join(started.state, 'control', 'record'), { recursive: true });
  await started.startControl();
  await until(
    'both say so',
    async () => (await alarms()).filter((sentence) => sentence.includes('signed a longer record')).length === 2,
  );
});
