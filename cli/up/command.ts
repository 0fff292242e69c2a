/** `portcullis up` on the command line: its flags, their defaults, and what they are called in the environment. */
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { Cidr } from '../../contract/network.ts';
import { collect, whole } from '../command.ts';
import { defaultControlPort, defaultStateFolder, stateFolder } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { parseProtect } from './protect.ts';
import { runUp } from './run.ts';
import type { UpSurroundings } from './run.ts';

export type { UpSurroundings } from './run.ts';

type UpOptions = {
  readonly state?: string;
  readonly controlAddress: string;
  readonly controlPort: number;
  readonly address: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly metricsPort: number;
  readonly captchaPort: number;
  readonly allowOrigin?: readonly string[];
  readonly publicUrl?: string;
  readonly providerName?: string;
  readonly contact?: string;
  readonly host?: readonly string[];
  readonly attack?: boolean;
};

const port = whole(1, 65_535);

export function addUpCommand(program: Command, terminal: Terminal, surroundings: UpSurroundings): void {
  const command = program.command('up');
  command
    .description('Runs control plane and one edge on this machine, as one process tree, until Ctrl-C.')
    .usage('[options] [protect <origin> [--host <hostname>] [--attack]]')
    .argument('[protect]', 'the word “protect”: also add a site')
    .argument('[origin]', 'where its answers come from, such as http://127.0.0.1:8000')
    .option(
      '--host <hostname>',
      'protect: a hostname of the site (repeat for more; localhost for an origin on this machine)',
      collect,
    )
    .option('--attack', 'protect: in attack mode, where every navigation needs a clearance')
    .option('--state <folder>', `where everything is kept (env PORTCULLIS_STATE; default ./${defaultStateFolder})`)
    .option('--control-port <port>', 'console, API and public pages', port, defaultControlPort)
    .option('--control-address <address>', 'address that these listen on', ipAddress, '127.0.0.1')
    .option('--http-port <port>', 'the edge’s http', port, 8080)
    .option('--https-port <port>', 'the edge’s https', port, 8443)
    .option('--address <address>', 'address that the edge listens on; 0.0.0.0 for all', ipAddress, '127.0.0.1')
    .option('--metrics-port <port>', 'the edge’s metrics, on loopback', port, 9184)
    .option('--captcha-port <port>', 'the captcha provider, on loopback; 0 for none', whole(0, 65_535), 8610)
    .option('--allow-origin <network>', 'let origins be in this inward network (repeat for more)', collectNetwork)
    .option('--public-url <url>', 'address of console and public pages as people type it (env PORTCULLIS_PUBLIC_URL)')
    .option('--provider-name <name>', 'who runs this installation, for every page (env PORTCULLIS_PROVIDER_NAME)')
    .option('--contact <url>', 'where appeals are sent, a mailto: or https: address (env PORTCULLIS_CONTACT)')
    .action(async (verb: string | undefined, origin: string | undefined) => {
      const options = command.opts<UpOptions>();
      if (verb !== undefined && verb !== 'protect') {
        throw new CommandFailure(
          'usage',
          `“${verb}” is not known here; did you mean: portcullis up protect http://127.0.0.1:8000 --host forum.example`,
        );
      }
      if (verb === undefined && (options.host !== undefined || options.attack === true)) {
        throw new CommandFailure(
          'usage',
          '--host and --attack belong to a site: portcullis up protect http://127.0.0.1:8000 --host forum.example',
        );
      }
      const { host, attack, state, allowOrigin, publicUrl, providerName, contact, ...ports } = options;
      await runUp(
        {
          ...ports,
          state: stateFolder(state, terminal),
          // A flag replaces the environment in the control plane, and what is remembered is given by flag: so the environment is read here.
          allowOrigins: [
            ...(allowOrigin ?? []),
            ...(terminal.env['PORTCULLIS_ALLOW_ORIGINS'] ?? '').split(',').filter((text) => text.trim() !== ''),
          ],
          publicUrl: publicUrl?.replace(/\/+$/, '') ?? null,
          providerName: providerName ?? null,
          contact: contact ?? null,
          protect: verb === undefined ? null : parseProtect(origin ?? '', host ?? [], attack === true ? 'attack' : null),
        },
        surroundings,
        terminal,
      );
    });
}

function ipAddress(typed: string): string {
  if (isIP(typed) !== 0) return typed;
  throw new InvalidArgumentError('Give an IP address, such as 127.0.0.1 or 0.0.0.0.');
}

function collectNetwork(typed: string, before: readonly string[] | undefined): string[] {
  const network = Cidr.safeParse(typed);
  if (network.success) return collect(network.data, before);
  throw new InvalidArgumentError('Give a network such as 192.0.2.0/24.');
}
