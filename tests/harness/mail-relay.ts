/** A relay on loopback that keeps what it is given: a real SMTP server, which can be told to refuse, stopped, and started again on its port. */
import { SMTPServer } from 'smtp-server';
import { freePort } from './ports.ts';

export type KeptMail = { readonly from: string; readonly to: string[]; readonly text: string };

export type TestRelay = {
  /** `smtp:` URL, as `--mail-relay` takes it. */
  readonly url: string;
  /** What was taken, in order; `text` is the whole message. */
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
          mails.push({
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map((to) => to.address),
            text: Buffer.concat(pieces).toString('utf8'),
          });
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
