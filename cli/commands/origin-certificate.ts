/**
 * `portcullis certificate origin …`: the client certificate that edges show to one site's https origin, changed in two steps.
 *
 * The public part is printed, because the origin must be told to trust it; a private key never is.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  addOriginCertificate,
  getOriginCertificate,
  removeOriginCertificate,
  useOriginCertificate,
} from '../../contract/routes/origin-certificates.ts';
import type { OriginCertificate, OriginCertificates } from '../../contract/routes/origin-certificates.ts';
import { apiCommand, findSite } from '../command.ts';
import type { Reply } from '../command.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { showInstant } from '../when.ts';

export function addOriginCertificateCommands(parent: Command, terminal: Terminal): void {
  const origin = parent.command('origin').description('The client certificate that is shown to a site’s https origin.');

  apiCommand<ConnectionOptions>(
    origin,
    terminal,
    'show <site>',
    'Shows the used one and the one that waits, with what the origin must trust.',
    (command) => command,
    async ({ client, args }) => {
      const { siteId } = await findSite(client, args[0] ?? '');
      return reply(await client.call(getOriginCertificate, { params: { siteId } }), terminal);
    },
  );

  apiCommand<ConnectionOptions & { readonly chain?: string; readonly key?: string }>(
    origin,
    terminal,
    'add <site>',
    'Makes one, or takes one from files. The first is used at once; a later one waits for “use”.',
    (command) =>
      command
        .option('--chain <file>', 'PEM: the certificate, then the ones that issued it')
        .option('--key <file>', 'PEM: its private key, without a password'),
    async ({ client, options, args }) => {
      const { chain, key } = options;
      if ((chain === undefined) !== (key === undefined))
        throw new CommandFailure('usage', '--chain and --key belong together; without both one is made. Nothing was sent.');
      const body =
        chain === undefined || key === undefined
          ? ({ make: true } as const)
          : { chain: read(chain, terminal), key: read(key, terminal) };
      const { siteId } = await findSite(client, args[0] ?? '');
      return reply(await client.call(addOriginCertificate, { params: { siteId }, body }), terminal);
    },
  );

  apiCommand<ConnectionOptions>(
    origin,
    terminal,
    'use <site>',
    'Shows the waiting one from now on: tell the origin to trust it first.',
    (command) => command,
    async ({ client, args }) => {
      const { siteId } = await findSite(client, args[0] ?? '');
      return reply(await client.call(useOriginCertificate, { params: { siteId } }), terminal);
    },
  );

  apiCommand<ConnectionOptions & { readonly waiting?: boolean }>(
    origin,
    terminal,
    'remove <site>',
    'Removes the used one: the edges’ own is shown then, if they have one.',
    (command) => command.requiredOption('--yes', 'really remove it').option('--waiting', 'the waiting one instead'),
    async ({ client, options, args }) => {
      const { siteId } = await findSite(client, args[0] ?? '');
      const which = options.waiting === true ? 'next' : 'used';
      return reply(await client.call(removeOriginCertificate, { params: { siteId, which } }), terminal);
    },
  );
}

function reply(shown: OriginCertificates, terminal: Terminal): Reply {
  const one = (name: string, certificate: OriginCertificate | null) =>
    certificate === null
      ? [`${name}: none`]
      : [
          `${name}: ${certificate.made === 'here' ? 'made here' : `uploaded, of ${certificate.issuer}`}, ends ${showInstant(certificate.notAfter, terminal.nowMs())}`,
          `SHA-256 ${certificate.fingerprint}`,
          certificate.chain.trim(),
        ];
  const text = [
    ...one('used', shown.used),
    '',
    ...one('waiting', shown.next),
    ...(shown.https ? [] : ['', 'The origin is reached over http: nothing is shown to it.']),
  ].join('\n');
  return { json: shown, text };
}

function read(file: string, { cwd }: Terminal): string {
  try {
    return readFileSync(resolve(cwd, file), 'utf8');
  } catch (cause) {
    throw new CommandFailure('usage', `${file} cannot be read. Nothing was sent.`, null, cause);
  }
}
