/**
 * The client certificates of single sites, as files that server lines of the configuration name: what each of these sites shows to its origin.
 *
 * HAProxy reads a client certificate with a server line, so such a site has a line of its own, and a change is a reload from files, which loses no
 * request; maps and configuration come into force together. The line is named by the site, so a worker that is ending goes on with the one before.
 * Fails closed: a site whose key does not open, or whose certificate this HAProxy does not load, has no line, and its requests meet 503 rather than
 * go out without a certificate. Its line would keep the whole edge from its next configuration, and orders travel with it: so each is tried first.
 */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { OriginCertificatePolicy } from '../../contract/certificates.ts';
import type { SiteId } from '../../contract/ids.ts';
import type { SitePolicy } from '../../contract/policy.ts';
import type { OwnServer } from '../render/types.ts';
import type { CertificateKey } from './key.ts';

export type OriginCertificateParts = {
  /** The plan's folder of certificates. */
  readonly folder: string;
  readonly key: Pick<CertificateKey, 'open'>;
  /** Asks HAProxy for its opinion of a configuration file: a complaint, or `null`. */
  readonly check: (config: string) => Promise<string | null>;
  readonly log: Logger;
};

export class OriginCertificates {
  readonly #parts: OriginCertificateParts;
  readonly #folder: string;
  readonly #wanted = new Map<SiteId, OriginCertificatePolicy>();
  #servers: readonly OwnServer[] = [];
  #changed = false;

  constructor(parts: OriginCertificateParts) {
    this.#parts = parts;
    this.#folder = join(parts.folder, 'origins');
  }

  /** Server lines as of the last `settle`; null while no site has a certificate of its own. */
  get servers(): readonly OwnServer[] | null {
    return this.#wanted.size === 0 ? null : this.#servers;
  }

  /** What a site shows from now on; a site over http, or without one, shows nothing of its own. */
  replace(siteId: SiteId, site: Pick<SitePolicy, 'origin' | 'originCertificate'> | null): void {
    const wanted = site?.origin.scheme === 'https' ? (site.originCertificate ?? null) : null;
    const held = this.#wanted.get(siteId) ?? null;
    if (wanted?.fingerprint === held?.fingerprint && wanted?.sealedKey === held?.sealedKey) return;
    if (wanted === null) this.#wanted.delete(siteId);
    else this.#wanted.set(siteId, wanted);
    this.#changed = true;
  }

  /** Other keys can be opened now than before. */
  touch(): void {
    if (this.#wanted.size > 0) this.#changed = true;
  }

  /** Writes the files that server lines name; says whether the configuration is another than before. Old files stay until the next start. */
  async settle(): Promise<boolean> {
    if (!this.#changed) return false;
    const servers: OwnServer[] = [];
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (const [siteId, certificate] of [...this.#wanted].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const opened = this.#parts.key.open(certificate);
      if (opened.kind === 'closed') {
        this.#parts.log.error({ siteId, why: opened.why }, 'a client certificate cannot be used: its site is not served');
        continue;
      }
      const file = join(this.#folder, `${certificate.fingerprint.slice(0, 32)}.pem`);
      await writeFile(`${file}.next`, opened.pem, { mode: 0o600 });
      await rename(`${file}.next`, file);
      servers.push({ siteId, certificate: file });
    }
    this.#servers = await this.#loadable(servers);
    this.#changed = false;
    return true;
  }

  /** Those that HAProxy loads: asked for all at once, one by one only when something is wrong. */
  async #loadable(servers: readonly OwnServer[]): Promise<readonly OwnServer[]> {
    if (servers.length === 0 || (await this.#complaint(servers)) === null) return servers;
    const good: OwnServer[] = [];
    for (const server of servers) {
      const why = await this.#complaint([server]);
      if (why === null) good.push(server);
      else
        this.#parts.log.error(
          { siteId: server.siteId, why },
          'HAProxy does not load a client certificate: its site is not served',
        );
    }
    return good;
  }

  async #complaint(servers: readonly OwnServer[]): Promise<string | null> {
    const config = join(this.#folder, 'tried.cfg');
    const lines = servers.map(({ siteId, certificate }) => `  server ${siteId} 127.0.0.1:1 ssl verify none crt ${certificate}\n`);
    // Not started, only read: the listener is there because HAProxy wants one.
    const head = 'listen tried\n  mode tcp\n  bind 127.0.0.1:1\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n';
    await writeFile(config, head + lines.join(''), { mode: 0o600 });
    return this.#parts.check(config);
  }

  /** Removes files that no server line names any more. Only while no worker reads the ones before. */
  async sweep(): Promise<void> {
    const named = new Set(this.#servers.map(({ certificate }) => certificate));
    for (const name of await readdir(this.#folder).catch((): string[] => []))
      if (!named.has(join(this.#folder, name))) await rm(join(this.#folder, name), { force: true });
  }
}
