/** `portcullis explain <reference>`: why a request with the reference that stands on its page was not answered by its origin. */
import type { Command } from 'commander';
import { RequestReference } from '../../contract/insight.ts';
import { explainReference } from '../../contract/routes/insight.ts';
import { apiCommand } from '../command.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { showInstant } from '../when.ts';

export function addExplainCommand(program: Command, terminal: Terminal): void {
  apiCommand<ConnectionOptions>(
    program,
    terminal,
    'explain <reference>',
    'Says why a request was not answered by its origin, given the reference on the page that was shown.',
    (command) => command,
    async ({ client, args }) => {
      const reference = RequestReference.safeParse((args[0] ?? '').trim().toLowerCase());
      if (!reference.success) {
        throw new CommandFailure('usage', 'Give a reference as it stands on a page, such as 3023456789-194872113.');
      }
      const found = await client.call(explainReference, { params: { reference: reference.data } });
      const text = [
        found.sentence,
        `Site: ${found.siteName} (${found.siteId}), edge ${found.edgeId}, ${showInstant(found.at, terminal.nowMs())}.`,
        `Request: ${found.method} ${found.path} from ${found.network}.`,
      ].join('\n');
      return { json: found, text };
    },
  );
}
