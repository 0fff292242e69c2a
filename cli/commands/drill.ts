/**
 * `portcullis drill`: plays the week of the story against the running installation, on names that nobody can own, and says which promises held.
 *
 * Real reports, real cases, real orders at real edges: what is invented is who writes them. Everything that it makes is named after it, flagged in the
 * record, and taken away at its end, also when it fails or is interrupted. Fails closed: a promise that could not be kept makes the exit code 1.
 */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { getOnCall } from '../../contract/routes/desk/pressure.ts';
import { connect, runningOn, withConnection } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { whole } from '../command.ts';
import { currentEdges, DrillSet } from '../drill/house.ts';
import { makePromises } from '../drill/promises.ts';
import type { Promised, Promises } from '../drill/promises.ts';
import { playStory, StoryEnded } from '../drill/story.ts';
import type { Scene } from '../drill/story.ts';
import { CommandFailure } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { verifyStatement } from './verify-statement.ts';

type DrillOptions = ConnectionOptions & {
  readonly speed: number | 'max';
  readonly letters: number;
  readonly origin?: URL;
  readonly edge?: URL;
  readonly captcha?: URL;
  readonly wake?: boolean;
};

const hourMs = 3_600_000;
const cleanUpMs = 60_000;

export function addDrillCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('drill')
    .description(
      'Replays the week of the story on reserved hostnames against the running installation, and says which promises held.',
    )
    .addOption(
      new Option('--speed <n>', 'how many times faster than the people of the story; max: without waiting')
        .argParser(speed)
        .default('max'),
    )
    .option('--letters <n>', 'letters of the campaign', whole(10, 100_000), 2000)
    .addOption(
      new Option('--origin <url>', 'where edges reach a page for the drill’s forum (else: served here)').argParser(webAddress),
    )
    .addOption(
      new Option('--edge <url>', 'plain http of an edge, to visit it as well (else: that of `up` on this machine)').argParser(
        webAddress,
      ),
    )
    .addOption(
      new Option('--captcha <url>', 'address of the captcha provider (else: that of `up` on this machine)').argParser(webAddress),
    )
    .option('--wake', 'although people are on call, who will be woken by it');
  withConnection(command).action(async () => {
    const options = command.opts<DrillOptions>();
    const failed = await drill(options, terminal);
    if (failed !== null) throw new CommandFailure('failed', failed);
  });
}

/** Resolves with a sentence when a promise was broken, null when all were kept. */
async function drill(options: DrillOptions, terminal: Terminal): Promise<string | null> {
  const operator = connect(options, terminal);
  const running = runningOn(options, terminal);
  const run = terminal.nowMs().toString(36);
  const json = options.json === true;
  const tell = teller(terminal, json);
  const promises = makePromises((promised) => tell.promise(promised), terminal.interrupted);
  const set = new DrillSet({ operator, fetch: terminal.fetch, run, origin: options.origin?.href.replace(/\/$/, '') ?? null });
  const began = performance.now();
  let ended: string | null = null;
  try {
    if ((await currentEdges(operator)) === 0)
      throw new CommandFailure('failed', 'No edge is connected and current: there is nothing to try it on. Nothing was made.');
    const people = await set.people();
    const awake = (await people.lead.call(getOnCall, {})).people.filter(({ active }) => active);
    if (awake.length > 0 && options.wake !== true)
      throw new CommandFailure(
        'failed',
        `${awake.length} ${awake.length === 1 ? 'person is' : 'people are'} on call and would be woken by the drill’s emergency. Tell them first and add --wake. Nothing was played.`,
      );
    const house = await set.protect(people);
    await playStory({
      operator,
      house,
      promises,
      scene: (scene) => tell.scene(scene, options.speed, terminal.interrupted),
      fetch: terminal.fetch,
      edgeUrl: options.edge ?? urlOf(running?.edgeUrl),
      captchaUrl: options.captcha ?? urlOf(running?.captchaUrl),
      letters: options.letters,
      nowMs: terminal.nowMs,
      verify: async (statementUrl) => {
        const { exit } = await verifyStatement(statementUrl, {}, terminal);
        if (exit !== undefined) throw new CommandFailure(exit.name, exit.sentence);
      },
      sealed: { reporter: `Reporter Of ${run}`, mail: `reporter-${run}@people.example`, target: `Target Of ${run}` },
    });
  } catch (error) {
    if (terminal.interrupted.aborted) ended = 'It was interrupted.';
    else if (error instanceof StoryEnded) ended = error.message;
    else if (error instanceof CommandFailure) ended = error.message;
    else throw error;
  } finally {
    const clearing = performance.now();
    const left = await set.clear();
    const ms = Math.round(performance.now() - clearing);
    promises.found({ name: 'cleaned-up', kept: left.length === 0, ms, withinMs: cleanUpMs, why: left.join(' ') || null });
    if (left.length > 0) ended = `${ended ?? ''} Not taken away: ${left.join(' ')}`.trim();
  }
  return tell.end({ promises, ended, run, tookMs: Math.round(performance.now() - began) });
}

type End = { readonly promises: Promises; readonly ended: string | null; readonly run: string; readonly tookMs: number };

/** Tells the drill as it goes: lines for people, or one JSON object a line for programs, of which the last is the result. */
function teller({ out }: Terminal, json: boolean) {
  let lastHours = 0;
  const line = (text: string, object: Record<string, unknown>): void => out(json ? `${JSON.stringify(object)}\n` : `${text}\n`);
  return {
    async scene({ atHours, title }: Scene, speed: number | 'max', signal: AbortSignal): Promise<void> {
      signal.throwIfAborted();
      if (speed !== 'max') await waitMs(((atHours - lastHours) * hourMs) / speed, signal);
      lastHours = atHours;
      line(`\n${clock(atHours)}  ${title}`, { scene: title, atHours });
    },
    promise({ name, kept, ms, why }: Promised): void {
      const time = ms === 0 ? '' : `${String(ms).padStart(7)} ms`;
      line(`${kept ? '  kept  ' : '  BROKEN'}${time.padStart(12)}  ${name}${why === null ? '' : `: ${why}`}`, {
        promise: name,
        kept,
        ms,
        why,
      });
    },
    end({ promises, ended, run, tookMs }: End): string | null {
      const all = promises.all();
      const broken = all.filter(({ kept }) => !kept);
      const ok = broken.length === 0 && ended === null;
      const result = {
        ok,
        promises: all.map(({ name, kept, ms, withinMs, why }) => ({
          name,
          kept,
          ms,
          withinMs,
          ...(why === null ? {} : { why }),
        })),
        untried: promises.notTried(),
        ...(ended === null ? {} : { ended }),
        run,
        tookMs,
      };
      if (json) out(`${JSON.stringify(result)}\n`);
      else {
        for (const { name, why } of promises.notTried()) out(`  not tried          ${name}: ${why}\n`);
        out(
          `\n${ok ? 'Every promise was kept' : `${broken.length} of ${all.length} promises were broken`} in ${(tookMs / 1000).toFixed(1)} s.\n`,
        );
      }
      if (ok) return null;
      return `The drill failed. ${[ended, ...broken.map(({ name }) => `Broken: ${name}.`)].filter((part) => part !== null).join(' ')}`;
    },
  };
}

/** "Day 3, 04:30" of the story. */
function clock(hours: number): string {
  const minutes = Math.round(hours * 60) + 9 * 60;
  const two = (n: number): string => String(n).padStart(2, '0');
  return `Day ${1 + Math.floor(minutes / 1440)}, ${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
}

function waitMs(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new CommandFailure('interrupted', 'Interrupted.'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

function speed(typed: string): number | 'max' {
  if (typed === 'max') return 'max';
  const value = Number(typed);
  if (/^\d+(\.\d+)?$/.test(typed) && value > 0) return value;
  throw new InvalidArgumentError('Give a number above zero, or “max”.');
}

function webAddress(typed: string): URL {
  const url = URL.canParse(typed) ? new URL(typed) : null;
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new InvalidArgumentError('Give an address such as http://192.0.2.7:8080.');
}

function urlOf(text: string | undefined): URL | null {
  return text === undefined ? null : new URL(text);
}
