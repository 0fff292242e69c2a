/** `portcullis relay enrol | list | revoke`: relays as the control plane sees them. Without one of these, the role runs (program.ts). */
import { Option } from 'commander';
import type { Command } from 'commander';
import { RelayId } from '../../contract/ids.ts';
import { createRelayToken, listRelays, revokeRelay } from '../../contract/routes/relays.ts';
import { apiCommand, durationMs } from '../command.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import { facts, table } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { showInstant } from '../when.ts';

export function addRelayCommands(program: Command, terminal: Terminal): void {
  const relays = program
    .command('relay')
    .usage('[options] | enrol | list | revoke')
    .description('Runs a relay on this machine; or, as subcommands, lists, enrols and revokes relays.');

  apiCommand<ConnectionOptions>(
    relays,
    terminal,
    'list',
    'Lists relays, and how many edges take their policy through each.',
    (command) => command,
    async ({ client }) => {
      const { items } = await client.call(listRelays, {});
      const rows = items.map((relay) => [relay.relayId, relay.name, relay.state, String(relay.edges), relay.version]);
      const text =
        items.length === 0
          ? 'No relays: edges are connected straight. Enrol one: portcullis relay enrol'
          : table(['relay', 'name', 'state', 'edges', 'version'], rows);
      return { json: items, text };
    },
  );

  apiCommand<ConnectionOptions & { readonly valid: number }>(
    relays,
    terminal,
    'enrol',
    'Makes a token with which one relay on another machine enrols once; it is shown only now.',
    (command) =>
      command.addOption(new Option('--valid <time>', 'until when it can be used').argParser(durationMs).default(3_600_000, '1h')),
    async ({ client, options }) => {
      const validMinutes = Math.max(1, Math.round(options.valid / 60_000));
      const made = await client.call(createRelayToken, { body: { validMinutes } });
      const text = [
        facts([
          ['token', made.token],
          ['valid until', showInstant(made.expiresAt, terminal.nowMs())],
        ]),
        '',
        'On the machine that shall be the relay, with the address at which it reaches this control plane:',
        `  PORTCULLIS_RELAY_TOKEN=${made.token} ./portcullis relay --control ${client.controlUrl} --listen 0.0.0.0:9400`,
        'And on the edges: PORTCULLIS_EDGE_RELAYS=http://<that machine>:9400',
      ].join('\n');
      return { json: made, text };
    },
  );

  apiCommand<ConnectionOptions>(
    relays,
    terminal,
    'revoke <relay>',
    'Revokes a relay: its link is closed and its key is no longer accepted. Edges behind it take another way.',
    (command) => command,
    async ({ client, args }) => {
      const relayId = RelayId.safeParse(args[0]);
      if (!relayId.success) throw new CommandFailure('usage', `“${args[0]}” is no relay id. See: portcullis relay list`);
      await client.call(revokeRelay, { params: { relayId: relayId.data } });
      return { json: { relayId: relayId.data, revoked: true }, text: `${relayId.data} is revoked.` };
    },
  );
}
