/** A relay on loopback that keeps what it is given: a real SMTP server, which can be told to refuse, stopped, and started again on its port. */
import { SMTPServer } from 'smtp-server';
import { freePort } from './ports.ts';

export type KeptMail = {
  readonly from: string;
  readonly to: string[];
  /** The whole message as it came. */
  readonly text: string;
  /** The same with quoted-printable undone, as a person reads it. */
  readonly words: string;
};

export type TestRelay = {
  /** `smtp:` URL, as `--mail-relay` takes it. */
  readonly url: string;
  /** What was taken, in order. */
  readonly mails: KeptMail[];
  /** From now on recipients are refused with this code (null: taken again). */
  readonly refuse: (code: number | null) => void;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export async function startRelay({ started = true } = {}): Promise<TestRelay> {
  const port = await freePort();
  const mails: KeptMail[] = [];
  let refused: number | null = null;
  let server: SMTPServer | null = null;
  const start = async () => {
    const made = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH'],
      disableReverseLookup: true,
      logger: false,
      onRcptTo: (address, _session, callback) => {
        if (refused === null) return callback();
        callback(Object.assign(new Error(`no such user ${address.address}`), { responseCode: refused }));
      },
      onData: (stream, session, callback) => {
        const pieces: Buffer[] = [];
        stream.on('data', (piece: Buffer) => void pieces.push(piece));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          const text = Buffer.concat(pieces).toString('utf8');
          const from = mailFrom === false ? '' : mailFrom.address;
          mails.push({ from, to: rcptTo.map((to) => to.address), text, words: unquoted(text) });
          callback();
        });
      },
    });
    await new Promise<void>((resolve, reject) => {
      made.on('error', reject);
      made.listen(port, '127.0.0.1', () => resolve());
    });
    server = made;
  };
  if (started) await start();
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refuse: (code) => void (refused = code),
    start,
    stop: async () => {
      const running = server;
      server = null;
      if (running !== null) await new Promise<void>((resolve) => running.close(() => resolve()));
    },
  };
}

function unquoted(text: string): string {
  const bytes = text
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return /^Content-Transfer-Encoding: quoted-printable/im.test(text) ? Buffer.from(bytes, 'latin1').toString('utf8') : text;
}
