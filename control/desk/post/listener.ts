/**
 * Takes in mail over SMTP, for our own mailboxes only, and says 250 only when what came is durable.
 *
 * Everything that is ours to mend is a 4xx answer, so the sender's server keeps the mail and comes again: the database is away, too much is
 * being read, too many mails from one network. What will never work is a 5xx: another domain, no such mailbox, larger than the limit.
 * Bounded: size (what is over it is thrown away as it comes, not held), bytes held by all connections together, connections in all and
 * from one address, time of a connection, time for taking a mail apart. Limits never hold up danger@: mails to it pass the limit by
 * network, and bytes are kept free for them. No sign-in, no relaying. STARTTLS is offered with a certificate made at start, which is what mail servers take from each
 * other (RFC 7435); an operator who wants a named one puts a mail server in front.
 * Hazard: behind another mail server every mail comes from its address; the limits by network then hold for all of them together.
 */
import { SMTPServer } from 'smtp-server';
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import { mailboxAt } from '../../../core/desk/mail.ts';
import type { MailNature } from '../../../core/desk/mail.ts';
import { takeFrom } from '../../../core/desk/limits.ts';
import type { Bucket } from '../../../core/desk/limits.ts';
import { countedNetwork } from '../../../core/identity/session.ts';
import { makeSelfSigned } from '../../../kit/self-signed.ts';
import { isStoreDown } from '../../../store/errors.ts';
import { Failure } from '../../http/failure.ts';
import type { DeskDeps } from '../deps.ts';
import { openMailReader } from './mail-reader.ts';
import { codeOf, takeIn } from './take-in.ts';

const mostMailBytes = 25 * 1024 * 1024;
const mostHeldBytes = 3 * mostMailBytes;
/** Kept free for danger@: three large mails to others must not turn one away that cannot wait. */
const heldForDangerBytes = 2 * mostMailBytes;
const mostClients = 100;
const mostFromOne = 20;
const mostRecipients = 20;
const idleMs = 60_000;
const connectionMs = 15 * 60_000;
const closeMs = 3000;
/** A forwarding server sends for many people, so this is far above what one machine has to say. */
const byNetwork = { burst: 500, perHour: 5000 } as const;
const mostNetworks = 20_000;

export type MailListener = { readonly port: number; close(): Promise<void> };

/** Null when no address is set. Throws a sentence when the port cannot be had. */
export async function listenForMail(deps: DeskDeps): Promise<MailListener | null> {
  const at = deps.desk.mailListen;
  if (at === null) return null;
  const read = openMailReader();
  const ignored: Partial<Record<MailNature, number>> = {};
  const buckets = new Map<string, Bucket>();
  const active = new Set<Promise<void>>();
  let heldBytes = 0;

  const overLimit = (address: string): boolean => {
    const network = countedNetwork(address);
    if (buckets.size >= mostNetworks) buckets.clear();
    const verdict = takeFrom(byNetwork, buckets.get(network) ?? null, deps.now(), 1);
    buckets.set(network, verdict.next);
    return verdict.kind === 'wait';
  };

  /** All of one mail; null when it is larger than the limit. Throws `busy` when others hold too much, and when the connection breaks. */
  const collect = (stream: SMTPServerDataStream, mostHeld: number): Promise<Buffer | null> =>
    new Promise((resolve, reject) => {
      let pieces: Buffer[] = [];
      let held = 0;
      let busy = false;
      const drop = () => {
        heldBytes -= held;
        held = 0;
        pieces = [];
      };
      stream.on('data', (piece: Buffer) => {
        if (busy || stream.sizeExceeded || heldBytes + piece.byteLength > mostHeld) {
          busy ||= !stream.sizeExceeded;
          drop();
          return;
        }
        pieces.push(piece);
        held += piece.byteLength;
        heldBytes += piece.byteLength;
      });
      stream.once('error', (error) => {
        drop();
        reject(error);
      });
      stream.once('end', () => {
        const raw = Buffer.concat(pieces);
        drop();
        if (stream.sizeExceeded) resolve(null);
        else if (busy) reject(refusal(452, 'Too much mail is being read at the moment. Nothing was kept; send it again.'));
        else resolve(raw);
      });
    });

  const take = async (stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> => {
    const toDanger = session.envelope.rcptTo.some((to) => mailboxAt(to.address, deps.desk.mailDomain) === 'danger');
    const raw = await collect(stream, mostHeldBytes + (toDanger ? heldForDangerBytes : 0));
    // The server itself answers 552.
    if (raw === null) return 'too large';
    heldBytes += raw.byteLength;
    try {
      const { mailFrom, rcptTo } = session.envelope;
      const envelope = {
        sender: mailFrom === false ? '' : mailFrom.address,
        recipients: rcptTo.map((to) => to.address),
        ip: session.remoteAddress,
        helo: session.hostNameAppearsAs,
      };
      const taken = await takeIn(deps, envelope, raw, read);
      if (taken.kind !== 'ignored') {
        deps.log.info(taken, 'a mail was taken in');
        return 'kept';
      }
      ignored[taken.nature] = (ignored[taken.nature] ?? 0) + 1;
      deps.log.info({ nature: taken.nature, ignored }, 'a mail of which no report is made');
      return 'taken, no report is made of a loop, a bounce or an automatic answer';
    } catch (error) {
      throw answerTo(deps, error);
    } finally {
      heldBytes -= raw.byteLength;
    }
  };

  const server = new SMTPServer({
    ...(await makeSelfSigned(deps.desk.mailDomain, deps.now())),
    name: deps.desk.mailDomain,
    banner: 'reports of abuse',
    size: mostMailBytes,
    rejectOversized: true,
    authOptional: true,
    disabledCommands: ['AUTH'],
    disableReverseLookup: true,
    hideENHANCEDSTATUSCODES: false,
    logger: false,
    maxClients: mostClients,
    maxRecipients: mostRecipients,
    socketTimeout: idleMs,
    closeTimeout: closeMs,
    onConnect: (session, callback) => {
      const same = [...server.connections].filter((one) => one.remoteAddress === session.remoteAddress).length;
      callback(same > mostFromOne ? refusal(421, 'Too many connections from your address. Come again.') : null);
    },
    onRcptTo: (address, session, callback) => {
      const use = mailboxAt(address.address, deps.desk.mailDomain);
      if (use === null) return callback(refusal(550, 'There is no such mailbox here.'));
      if (use !== 'danger' && overLimit(session.remoteAddress)) {
        return callback(
          refusal(451, 'Much mail came from your network. Send it again later; mail about danger is always taken.'),
        );
      }
      callback();
    },
    onData: (stream, session, callback) => {
      const turn = take(stream, session)
        .then(
          (said) => callback(null, said),
          (error: unknown) => callback(error instanceof Error ? error : new Error('unknown')),
        )
        .finally(() => active.delete(turn));
      active.add(turn);
    },
  });
  const port = await listen(server, at);
  // A client that breaks off or speaks no TLS is an event of the server; nobody has to do anything about it.
  server.on('error', (error) => deps.log.debug({ code: codeOf(error) }, 'a mail connection failed'));
  server.server.on('connection', (socket) => {
    const cut = setTimeout(() => socket.destroy(), connectionMs);
    socket.once('close', () => clearTimeout(cut));
  });
  deps.log.info({ port, host: at.host }, 'mail is taken in');
  return {
    port,
    close: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      // Who was cut off in the middle is told nothing and comes again; what is being kept is kept to the end.
      await Promise.all(active);
    },
  };
}

function refusal(responseCode: number, sentence: string): Error {
  return Object.assign(new Error(sentence), { responseCode });
}

/** What the sender's server is told when a mail was not kept. Ours to mend, so it comes again, unless we said what is wrong with it. */
function answerTo(deps: DeskDeps, error: unknown): Error {
  if (error instanceof Error && 'responseCode' in error) return error;
  if (error instanceof Failure && error.code === 'report-refused') return refusal(550, error.detail);
  if (error instanceof Failure && error.code === 'too-many-requests')
    return refusal(451, 'Too many reports at the moment. Send it again.');
  deps.log.warn(
    { code: codeOf(error), storeDown: isStoreDown(error) },
    'a mail could not be kept; its sender was told to come again',
  );
  return refusal(451, 'We cannot keep mail at the moment. Nothing was kept; send it again.');
}

function listen(server: SMTPServer, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => {
      const code = codeOf(cause);
      const why =
        code === 'EADDRINUSE' ? 'is taken by another program' : code === 'EACCES' ? 'needs root' : `cannot be had (${code})`;
      reject(
        new Error(`Mail port ${port} on ${host} ${why}. Choose another with --mail-listen ${host}:PORT, or “off”.`, { cause }),
      );
    };
    server.once('error', failed);
    const net = server.listen(port, host, () => {
      server.off('error', failed);
      const address = net.address();
      if (address === null || typeof address === 'string') reject(new Error('The mail server has no port.'));
      else resolve(address.port);
    });
  });
}
