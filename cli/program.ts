/**
 * The portcullis command: every subcommand in one tree, and the one place where a failure becomes a sentence and an exit code.
 *
 * Roles (control plane, edge, captcha, captcha provider, keeper, bots, relay) are handed in, because this room may not import them: portcullis.ts loads them when they are asked for.
 */
import { Command, CommanderError } from 'commander';
import { addAttackCommands } from './commands/attack.ts';
import { addDrillCommand } from './commands/drill.ts';
import { addExplainCommand } from './commands/explain.ts';
import { addHouseCommands } from './commands/house.ts';
import { addOrderCommands } from './commands/order.ts';
import { addRelayCommands } from './commands/relay.ts';
import { addRolloutCommands } from './commands/rollout.ts';
import { addRulesCommands } from './commands/rules.ts';
import { addCaptchaKeyCommands } from './commands/captcha-key.ts';
import { addCertificateCommands } from './commands/certificate.ts';
import { addSiteCommands } from './commands/site.ts';
import { addTrafficCommands } from './commands/traffic.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { CommandFailure, exitCodes } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';
import { addUpCommand } from './up/command.ts';
import type { UpSurroundings } from './up/command.ts';

/** Runs a role with its own arguments until it ends; resolves with its exit code. */
export type Role = (args: readonly string[]) => Promise<number>;

export type Surroundings = {
  /** Made only for commands, not for roles: it listens to signals, and a role has its own way to stop. */
  readonly terminal: () => Terminal;
  readonly version: string;
  readonly roles: {
    readonly control: Role;
    readonly edge: Role;
    readonly captcha: Role;
    readonly captchaProvider: Role;
    readonly keeper: Role;
    readonly bots: Role;
    readonly relay: Role;
    readonly witness: Role;
    readonly monitor: Role;
  };
  readonly up: UpSurroundings;
};

/** Subcommands of `portcullis edge` that talk to the control plane; anything else runs an edge. */
const edgeVerbs: readonly string[] = ['enrol', 'list', 'set', 'revoke', 'group', 'help'];

/** The same for `portcullis relay`. */
const relayVerbs: readonly string[] = ['enrol', 'list', 'revoke', 'help'];

/** Runs one command line (without the program's own name) and resolves with the exit code. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const [first, second] = args;
  if (first === 'control') return await surroundings.roles.control(args.slice(1));
  if (first === 'keeper') return await surroundings.roles.keeper(args.slice(1));
  if (first === 'bots') return await surroundings.roles.bots(args.slice(1));
  if (first === 'captcha-provider') return await surroundings.roles.captchaProvider(args.slice(1));
  if (first === 'monitor') return await surroundings.roles.monitor(args.slice(1));
  if (first === 'witness') return await surroundings.roles.witness(args.slice(1));
  if (first === 'captcha') return await surroundings.roles.captcha(args.slice(1));
  if (first === 'edge' && (second === undefined || !edgeVerbs.includes(second)))
    return await surroundings.roles.edge(args.slice(1));
  if (first === 'relay' && (second === undefined || !relayVerbs.includes(second)))
    return await surroundings.roles.relay(args.slice(1));
  const terminal = surroundings.terminal();
  try {
    await makeProgram(surroundings, terminal).parseAsync([...args], { from: 'user' });
    return exitCodes.ok.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
    if (!(error instanceof CommandFailure)) throw error;
    const { exit, message, problem } = error;
    const json = args.includes('--json');
    terminal.err(json ? `${JSON.stringify({ exit, sentence: message, problem })}\n` : `${message}\n`);
    return exitCodes[exit].code;
  }
}

function makeProgram({ version, up }: Surroundings, terminal: Terminal): Command {
  const program = new Command('portcullis')
    .description(
      'A self-hosted internet security provider that can withdraw its shield: on evidence, narrowly, reversibly, in the open.',
    )
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError('(add --help to see what is possible)')
    .helpCommand(true);
  addUpCommand(program, terminal, up);
  program
    .command('control')
    .helpOption(false)
    .description('Runs a control plane on this machine. See: portcullis control --help');
  program
    .command('captcha')
    .helpOption(false)
    .description('Checks stronger work for an edge, which starts it by itself. See: portcullis captcha --help');
  program
    .command('captcha-provider')
    .helpOption(false)
    .description('Runs a captcha provider beside the control plane. See: portcullis captcha-provider --help');
  program
    .command('witness')
    .helpOption(false)
    .description('Signs what it saw of other providers’ records. See: portcullis witness --help');
  program
    .command('monitor')
    .helpOption(false)
    .description('Demands of a record that it goes on from what was seen before. See: portcullis monitor --help');
  program
    .command('keeper')
    .helpOption(false)
    .description(
      'Keeps what visitors send while they pass a check, for an edge, which starts it by itself. See: portcullis keeper --help',
    );
  program
    .command('bots')
    .helpOption(false)
    .description('Verifies signed requests of bots for an edge, which starts it by itself. See: portcullis bots --help');
  addSiteCommands(program, terminal);
  addRulesCommands(program, terminal);
  addAttackCommands(program, terminal);
  addCertificateCommands(program, terminal);
  addCaptchaKeyCommands(program, terminal);
  addTrafficCommands(program, terminal);
  addExplainCommand(program, terminal);
  addOrderCommands(program, terminal);
  addHouseCommands(program, terminal);
  addRolloutCommands(program, terminal);
  addRelayCommands(program, terminal);
  addVerifyCommand(program, terminal);
  addDrillCommand(program, terminal);
  program.addHelpText(
    'after',
    `\nExit codes:\n${Object.values(exitCodes)
      .map(({ code, means }) => `  ${String(code).padEnd(4)} ${means}`)
      .join('\n')}`,
  );
  return program;
}
