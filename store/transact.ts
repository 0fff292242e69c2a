/**
 * One unit of work: a transaction, and what others are told once it is committed.
 *
 * Whatever is told inside is told after the commit and not at all after a rollback. Rows are locked in this order, so that two units
 * never wait for each other in a circle: site, shield_order, edge, edge_group (the change log last).
 */
import { setTimeout } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { LiveEvent } from '../contract/routes/house.ts';
import type { Topic } from './doorbell.ts';
import { isDeadlock } from './errors.ts';
import type { Db, Store } from './open.ts';
import type { Tables } from './tables.ts';

export type Tx = Transaction<Tables>;

export type Work = {
  readonly tx: Tx;
  /** Rings the doorbell after the commit; the same ring twice is one. */
  ringAfter(topic: Topic, text: string): void;
  /** Tells consoles and waiting commands after the commit. */
  tellAfter(event: LiveEvent): void;
};

/** So often is a work tried that the database gave up for others. */
const mostTries = 4;
const pauseMs = 20;

/**
 * Runs the work in one transaction. Whatever it throws undoes everything and is thrown on. When the database ends it because two waited for each other
 * in a circle (foreign keys lock rows that no order names), nothing was kept and the work is run again from its beginning: so it
 * changes nothing but by `tx`, and tells nobody but by what it is handed.
 */
export async function transact<T>(store: Store, work: (unit: Work) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await once(store, work);
    } catch (error) {
      if (tries >= mostTries || !isDeadlock(error)) throw error;
      // Of two only one is ended; a pause of their own length keeps those who come again apart.
      await setTimeout(pauseMs * tries * (1 + Math.random()));
    }
  }
}

async function once<T>(store: Store, work: (unit: Work) => Promise<T>): Promise<T> {
  const rings = new Map<string, [Topic, string]>();
  const ringAfter = (topic: Topic, text: string) => void rings.set(`${topic} ${text}`, [topic, text]);
  const result = await store.db
    .transaction()
    .execute((tx) => work({ tx, ringAfter, tellAfter: (event) => ringAfter('live', JSON.stringify(event)) }));
  for (const [topic, text] of rings.values()) store.doorbell.ring(topic, text);
  return result;
}

/**
 * A transaction that does not wait for the disk: for what edges say often and will say again (acknowledgements, health, counts). It is whole or
 * not there, but the newest ones may be gone after a crash. On a slow disk a durable commit costs milliseconds, and on the embedded
 * database the whole process waits for it.
 */
export async function relaxed(db: Db, work: (tx: Tx) => Promise<void>): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`set local synchronous_commit = off`.execute(tx);
    await work(tx);
  });
}
