/**
 * `portcullis certificate …`: what a site's hostnames are answered with over TLS, certificates of its owner's own, asking the authority now.
 *
 * Files are read here and sent once; a private key is never printed. Whether an authority is asked at all is a setting of the site
 * (`portcullis site set --certificates`).
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CertificateId } from '../../contract/ids.ts';
import {
  addCertificate,
  listAllCertificates,
  listCertificates,
  orderCertificates,
  removeCertificate,
} from '../../contract/routes/certificates.ts';
import type { ListedCertificate, SiteCertificates } from '../../contract/routes/certificates.ts';
import { apiCommand, findSite } from '../command.ts';
import { addOriginCertificateCommands } from './origin-certificate.ts';
import type { Client } from '../client.ts';
import type { Reply } from '../command.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import { table } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { showInstant } from '../when.ts';

export function addCertificateCommands(program: Command, terminal: Terminal): void {
  const certificate = program.command('certificate').description('Certificates: what hostnames are answered with over TLS.');

  apiCommand<ConnectionOptions & { readonly search?: string; readonly source?: string; readonly days?: string }>(
    certificate,
    terminal,
    'list [site]',
    'Shows what each hostname of a site is answered with and how asking the authority went; without a site all certificates, the soonest end first.',
    (command) =>
      command
        .option('--search <text>', 'without a site: only those with this in a name')
        .option('--source <acme|own>', 'without a site: only those of an authority, or of owners’ own')
        .option('--days <number>', 'without a site: only those that end within so many days, or have ended'),
    async ({ client, options, args }) => {
      if (args[0] === undefined) return all(await listAll(client, options), terminal);
      const { siteId } = await findSite(client, args[0]);
      return reply(await client.call(listCertificates, { params: { siteId } }), terminal);
    },
  );

  apiCommand<ConnectionOptions & { readonly chain: string; readonly key: string }>(
    certificate,
    terminal,
    'add <site>',
    'Uploads a certificate of the owner’s own; one with the same names takes the place of the one before.',
    (command) =>
      command
        .requiredOption('--chain <file>', 'PEM: the site’s certificate, then the ones that issued it')
        .requiredOption('--key <file>', 'PEM: its private key, without a password'),
    async ({ client, options, args }) => {
      const body = { chain: read(options.chain, terminal), key: read(options.key, terminal) };
      const { siteId } = await findSite(client, args[0] ?? '');
      return reply(await client.call(addCertificate, { params: { siteId }, body }), terminal);
    },
  );

  apiCommand<ConnectionOptions>(
    certificate,
    terminal,
    'order <site>',
    'Asks the authority now, for every hostname that wants a certificate.',
    (command) => command,
    async ({ client, args }) => {
      const { siteId } = await findSite(client, args[0] ?? '');
      return reply(await client.call(orderCertificates, { params: { siteId } }), terminal);
    },
  );

  apiCommand<ConnectionOptions & { readonly yes?: boolean }>(
    certificate,
    terminal,
    'remove <site> <certificate>',
    'Removes a certificate from a site.',
    (command) => command.requiredOption('--yes', 'really remove it'),
    async ({ client, args }) => {
      const { siteId } = await findSite(client, args[0] ?? '');
      const certificateId = CertificateId.safeParse(args[1] ?? '');
      if (!certificateId.success)
        throw new CommandFailure('usage', `“${args[1] ?? ''}” is no certificate’s id. See: portcullis certificate list`);
      const params = { siteId, certificateId: certificateId.data };
      return reply(await client.call(removeCertificate, { params }), terminal);
    },
  );
  addOriginCertificateCommands(certificate, terminal);
}

/** Every page of the list. Throws CommandFailure `usage` for words that the list does not know. */
async function listAll(
  client: Pick<Client, 'call'>,
  { search, source, days }: { readonly search?: string; readonly source?: string; readonly days?: string },
): Promise<ListedCertificate[]> {
  const asked = { search, source, endsWithinDays: days };
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const query = listAllCertificates.query.safeParse({ limit: 500, ...given });
  if (!query.success)
    throw new CommandFailure('usage', '--source is acme or own, and --days a whole number from 0 to 3650. Nothing was asked.');
  const items: ListedCertificate[] = [];
  let cursor: string | null = null;
  do {
    const page: PageOfCertificates = await client.call(listAllCertificates, {
      query: { ...query.data, ...(cursor === null ? {} : { cursor }) },
    });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
}

type PageOfCertificates = { readonly items: readonly ListedCertificate[]; readonly next: string | null };

function all(items: readonly ListedCertificate[], { nowMs }: Terminal): Reply {
  const rows = items.map((one) => [
    showInstant(one.notAfter, nowMs()),
    one.names.join(' '),
    one.siteName,
    one.certificateId,
    one.source === 'acme' ? one.issuer : `own, ${one.issuer}`,
    one.renewAt === null ? 'by a person' : showInstant(one.renewAt, nowMs()),
  ]);
  const text =
    items.length === 0
      ? 'No such certificates.'
      : table(['valid until', 'names', 'site', 'certificate', 'issuer', 'renewed'], rows);
  return { json: items, text };
}

function read(file: string, { cwd }: Terminal): string {
  try {
    return readFileSync(resolve(cwd, file), 'utf8');
  } catch {
    throw new CommandFailure('usage', `${file} cannot be read. Nothing was sent.`);
  }
}

function reply(shown: SiteCertificates, { nowMs }: Terminal): Reply {
  const held = new Map(shown.certificates.map((one) => [one.certificateId, one]));
  const rows = shown.hostnames.map(({ hostname, certificateId, wish }) => {
    const one = certificateId === null ? undefined : held.get(certificateId);
    return [
      hostname,
      certificateId ?? 'none',
      one === undefined ? '' : one.source === 'acme' ? one.issuer : `own, ${one.issuer}`,
      one === undefined ? '' : showInstant(one.notAfter, nowMs()),
      wish === null ? 'not asked for' : wish.state,
    ];
  });
  const findings = shown.hostnames.flatMap(({ hostname, wish }) =>
    wish === null || wish.finding === null
      ? []
      : [`${hostname}: ${wish.finding}${wish.nextAt === null ? '' : ` Tried again ${showInstant(wish.nextAt, nowMs())}.`}`],
  );
  const authority =
    shown.authority.directory === null
      ? 'No authority is set up (portcullis control --acme-directory).'
      : `Authority: ${shown.authority.directory}`;
  const text = [table(['hostname', 'certificate', 'issuer', 'valid until', 'authority'], rows), ...findings, authority].join(
    '\n',
  );
  return { json: shown, text };
}
