/**
 * A doorbell: tells this process, and other control processes on the same PostgreSQL, that there is something to look at.
 *
 * Only a hint. A ring can be lost (a dropped LISTEN connection), so whoever waits for one also looks by itself every few seconds.
 * Rung after the commit, never inside the transaction: NOTIFY takes a global lock at commit. Text is at most 7,900 bytes; a longer one
 * stays in this process. The embedded store has one process, so its doorbell is an event emitter.
 */
import { EventEmitter } from 'node:events';
import type pg from 'pg';

export type Topic = 'policy' | 'live' | 'edge-revoked' | 'edge-changed' | 'relay-revoked' | 'captcha-keys';

export type Doorbell = {
  /** Tells everybody, this process included (at once and synchronously). Never throws. */
  ring(topic: Topic, text: string): void;
  /** Calls back for each ring of a topic; returns the way to stop. */
  onRing(topic: Topic, listener: (text: string) => void): () => void;
  close(): Promise<void>;
};

const channel = 'portcullis';
const longestText = 7900;

export function embeddedDoorbell(): Doorbell {
  const local = newEmitter();
  return {
    ring: (topic, text) => void local.emit(topic, text),
    onRing: (topic, listener) => listen(local, topic, listener),
    close: async () => void local.removeAllListeners(),
  };
}

/** A doorbell over LISTEN/NOTIFY with a connection of its own, made again a second after it breaks. */
export async function postgresDoorbell(newClient: () => pg.Client, pool: pg.Pool): Promise<Doorbell> {
  const local = newEmitter();
  const self = Math.random().toString(36).slice(2, 12);
  let client: pg.Client | null = null;
  let closed = false;
  let again: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    const next = newClient();
    next.on('notification', (message) => hear(message.payload ?? ''));
    next.on('error', () => undefined);
    next.on('end', () => {
      if (client === next) client = null;
      later();
    });
    try {
      await next.connect();
      await next.query(`listen ${channel}`);
      client = next;
      if (closed) await next.end();
    } catch {
      next.end().catch(() => undefined);
      later();
    }
  }
  function later(): void {
    if (closed || again !== undefined) return;
    again = setTimeout(() => {
      again = undefined;
      void connect();
    }, 1000);
    again.unref();
  }
  function hear(message: string): void {
    const [sender, topic, ...rest] = message.split(' ');
    if (sender !== self && topic !== undefined) local.emit(topic, rest.join(' '));
  }

  await connect();
  return {
    ring(topic, text) {
      local.emit(topic, text);
      if (closed || Buffer.byteLength(text) > longestText) return;
      pool.query('select pg_notify($1, $2)', [channel, `${self} ${topic} ${text}`]).catch(() => undefined);
    },
    onRing: (topic, listener) => listen(local, topic, listener),
    async close() {
      closed = true;
      clearTimeout(again);
      local.removeAllListeners();
      await client?.end().catch(() => undefined);
    },
  };
}

function newEmitter(): EventEmitter {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  return emitter;
}

function listen(emitter: EventEmitter, topic: Topic, listener: (text: string) => void): () => void {
  emitter.on(topic, listener);
  return () => void emitter.off(topic, listener);
}
