/**
 * What a drill brings along and takes away again: people with tokens for a day, a customer, a site on names that nobody can own, its own small
 * forum as origin, and a captcha key.
 *
 * Everything is made over the API, as the operator who starts the drill. `clear` undoes what can be undone, whatever was made until then: people are
 * disabled, site and key removed. What stays: the customer's name, the case with its reports, the audit log, and the record, where it is flagged.
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Role } from '../../contract/access.ts';
import { drillZone } from '../../contract/hostname.ts';
import type { AccountId, PersonId } from '../../contract/ids.ts';
import { addCaptchaKey, removeCaptchaKey } from '../../contract/routes/captcha-keys.ts';
import { listEdges } from '../../contract/routes/edges.ts';
import { addAccount, addPersonWithToken, changePerson } from '../../contract/routes/identity.ts';
import { liftOrder, listOrders } from '../../contract/routes/orders.ts';
import { addSite, getSite, removeSite } from '../../contract/routes/sites.ts';
import type { Site } from '../../contract/routes/sites.ts';
import { makeClient } from '../client.ts';
import type { Client } from '../client.ts';
import { CommandFailure } from '../exit-codes.ts';

/** The forum's words; what visitors read while the shield is there. */
export const forumPage = '<!doctype html><title>Drill forum</title><h1>A forum that is played in a drill</h1>';

export type Cast = Readonly<Record<'lead' | 'analyst' | 'second' | 'decider' | 'appeals' | 'owner', Client>>;

export type DrillHouse = {
  readonly cast: Cast;
  readonly site: Site;
  /** The name that is restricted, and another of the same site that is not. */
  readonly forum: string;
  readonly neighbour: string;
  readonly captchaSecret: string;
  readonly siteKey: string;
};

const roles = {
  lead: ['lead'],
  analyst: ['analyst'],
  second: ['analyst'],
  // Both hats, to see that they do not fit the same decision.
  decider: ['decider', 'appeals'],
  appeals: ['appeals'],
} as const satisfies Record<Exclude<keyof Cast, 'owner'>, readonly Role[]>;

export type HouseParts = {
  readonly operator: Client;
  readonly fetch: typeof fetch;
  /** Part of every name, so that drills do not meet. */
  readonly run: string;
  /** Where edges reach the forum; null: the drill serves it on this machine. */
  readonly origin: string | null;
};

/** Makes everything that a drill needs, one thing after the other, and remembers how to take it away. */
export class DrillSet {
  readonly #parts: HouseParts;
  readonly #people: PersonId[] = [];
  #forum: Server | null = null;
  #site: Site | null = null;
  #key: string | null = null;

  constructor(parts: HouseParts) {
    this.#parts = parts;
  }

  async people(): Promise<Omit<Cast, 'owner'>> {
    const [lead, analyst, second, decider, appeals] = [
      await this.#person('lead', roles.lead),
      await this.#person('analyst', roles.analyst),
      await this.#person('second analyst', roles.second),
      await this.#person('decider', roles.decider),
      await this.#person('appeals', roles.appeals),
    ];
    return { lead, analyst, second, decider, appeals };
  }

  /** Resolves when every edge serves the site. */
  async protect(cast: Omit<Cast, 'owner'>): Promise<DrillHouse> {
    const { operator, run } = this.#parts;
    const origin = this.#parts.origin ?? (await this.#serveForum());
    const { account, owner } = await operator.call(addAccount, {
      body: { name: `Drill ${run}`, ownerName: `Drill ${run} invited` },
    });
    this.#people.push(owner.personId);
    const ownerClient = await this.#person('owner', ['owner'], account.accountId);
    const [forum, neighbour] = [`forum-${run}.${drillZone}`, `neighbour-${run}.${drillZone}`];
    const site = await operator
      .call(addSite, {
        body: { name: `Drill ${run}`, hostnames: [forum, neighbour], origin, waiveOwnership: true, accountId: account.accountId },
      })
      .catch((error: unknown) => {
        if (!(error instanceof CommandFailure) || error.problem?.code !== 'origin-refused' || this.#parts.origin !== null)
          throw error;
        throw new CommandFailure(
          'failed',
          'The drill’s forum is served on this machine, and this installation lets no origin be here. Start it with --allow-origin 127.0.0.1/32, or give an address that edges may reach with --origin.',
          error.problem,
          error,
        );
      });
    this.#site = site;
    const { key, secret } = await operator.call(addCaptchaKey, {
      body: { name: `Drill ${run}`, siteId: site.siteId, hostnames: [forum] },
    });
    this.#key = key.keyId;
    return { cast: { ...cast, owner: ownerClient }, site, forum, neighbour, captchaSecret: secret, siteKey: key.siteKey };
  }

  /** Takes away what was made. Resolves with what could not be, in sentences; never rejects. */
  async clear(): Promise<string[]> {
    const { operator } = this.#parts;
    const failures: string[] = [];
    const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    const site = this.#site;
    if (site !== null) {
      await attempt('orders of the drill', async () => {
        const { items } = await operator.call(listOrders, { query: { siteId: site.siteId, inForce: 'true' } });
        for (const { orderId } of items)
          await operator.call(liftOrder, { params: { orderId }, body: { reason: 'The drill is over.' } });
      });
    }
    const keyId = this.#key;
    if (keyId !== null) await attempt('captcha key', () => operator.call(removeCaptchaKey, { params: { keyId } }));
    if (site !== null) await attempt('site', () => operator.call(removeSite, { params: { siteId: site.siteId } }));
    for (const personId of this.#people)
      await attempt('person', () => operator.call(changePerson, { params: { personId }, body: { disabled: true } }));
    const forum = this.#forum;
    if (forum !== null) {
      forum.closeAllConnections();
      await new Promise((resolve) => forum.close(resolve));
    }
    return failures;
  }

  async #person(what: string, held: readonly Role[], accountId?: AccountId): Promise<Client> {
    const { operator, run } = this.#parts;
    const { person, token } = await operator.call(addPersonWithToken, {
      body: {
        name: `Drill ${run} ${what}`,
        roles: [...held],
        expiresInDays: 1,
        ...(accountId === undefined ? {} : { accountId }),
      },
    });
    this.#people.push(person.personId);
    return makeClient({ controlUrl: operator.controlUrl, token }, this.#parts.fetch);
  }

  async #serveForum(): Promise<string> {
    const forum = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(forumPage);
    });
    this.#forum = forum;
    await new Promise<void>((resolve, reject) => {
      forum.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    const address = forum.address();
    return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  }
}

/** Whether every edge that is connected holds what the site needs. */
export async function servedEverywhere(operator: Client, siteId: Site['siteId']): Promise<boolean> {
  const { propagation, ready } = await operator.call(getSite, { params: { siteId } });
  return ready && propagation.edges > 0 && propagation.applied >= propagation.edges;
}

/** Edges that take part: enrolled and current. */
export async function currentEdges(operator: Client): Promise<number> {
  const { items } = await operator.call(listEdges, {});
  return items.filter(({ state }) => state === 'current').length;
}
