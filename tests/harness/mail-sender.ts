/**
 * Sends mail as a stranger's server does: by nodemailer when the mail is an honest one, byte by byte over a socket when it is not.
 */
import net from 'node:net';
import { createTransport } from 'nodemailer';

export type Sent = { readonly code: number; readonly text: string };

/** One whole message, as bytes, from an envelope; answers what the server said at the end or when it refused. Never throws for an answer. */
export async function sendRaw(
  port: number,
  envelope: { readonly from: string; readonly to: readonly string[] },
  message: string | Buffer,
): Promise<Sent> {
  const wire = await openWire(port);
  try {
    const steps = ['EHLO sender.example', `MAIL FROM:<${envelope.from}>`, ...envelope.to.map((to) => `RCPT TO:<${to}>`), 'DATA'];
    for (const step of steps) {
      const answer = await wire.ask(step);
      if (answer.code >= 400) return answer;
    }
    const stuffed = Buffer.from(Buffer.from(message).toString('latin1').replaceAll(/^\./gm, '..'), 'latin1');
    wire.write(stuffed);
    return await wire.ask('\r\n.');
  } finally {
    wire.close();
  }
}

export type Wire = {
  /** Writes a line and answers the reply to it. */
  readonly ask: (line: string) => Promise<Sent>;
  readonly write: (bytes: Buffer) => boolean;
  /** Resolves when more can be written. */
  readonly drained: () => Promise<void>;
  readonly close: () => void;
};

/** A connection that has read the greeting. */
export async function openWire(port: number): Promise<Wire> {
  const socket = net.connect({ host: '127.0.0.1', port });
  let text = '';
  const waiting: ((sent: Sent) => void)[] = [];
  const deliver = () => {
    for (;;) {
      // A reply ends with a line whose code is followed by a space.
      const found = /^(?:\d{3}-[^\n]*\n)*(\d{3}) [^\n]*\n/.exec(text);
      const next = waiting[0];
      if (found === null || next === undefined) return;
      text = text.slice(found[0].length);
      waiting.shift();
      next({ code: Number(found[1]), text: found[0] });
    }
  };
  socket.setEncoding('utf8');
  socket.on('data', (piece: string) => {
    text += piece;
    deliver();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    for (const next of waiting.splice(0)) next({ code: 0, text: 'the connection ended' });
  });
  const reply = () =>
    new Promise<Sent>((resolve) => {
      if (socket.destroyed) return resolve({ code: 0, text: 'the connection ended' });
      waiting.push(resolve);
      deliver();
    });
  await reply();
  return {
    ask: (line) => {
      socket.write(`${line}\r\n`);
      return reply();
    },
    write: (bytes) => socket.write(bytes),
    drained: () =>
      new Promise((resolve) => {
        if (!socket.writableNeedDrain) return resolve();
        const done = () => {
          socket.off('drain', done);
          socket.off('close', done);
          resolve();
        };
        socket.once('drain', done);
        socket.once('close', done);
      }),
    close: () => void socket.destroy(),
  };
}

export type Letter = {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly headers?: Record<string, string>;
  readonly inReplyTo?: string;
  readonly dkim?: { readonly domainName: string; readonly keySelector: string; readonly privateKey: string };
  readonly attachments?: { filename: string; content: string | Buffer; contentType?: string }[];
};

/** An honest mail by nodemailer; resolves to the server's last answer. Throws when it refused. */
export async function sendMail(port: number, letter: Letter): Promise<string> {
  const transport = createTransport({ host: '127.0.0.1', port, name: 'sender.example', tls: { rejectUnauthorized: false } });
  try {
    return (await transport.sendMail({ ...letter, headers: letter.headers ?? {} })).response;
  } finally {
    transport.close();
  }
}
