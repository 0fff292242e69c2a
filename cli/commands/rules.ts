/**
 * `portcullis rules …`: a site's own rules. Conditions are text in the language of docs/handbook/rules.md.
 *
 * `add` and `remove` change one rule of the present list under the site's version, so that two people who change them at once do not lose
 * each other's. `dry-run` asks for the site's own last hour, or reads an access log on this machine.
 */
import { readFileSync } from 'node:fs';
import { Option } from 'commander';
import type { Command } from 'commander';
import { Instant } from '../../contract/ids.ts';
import { SiteMode } from '../../contract/policy.ts';
import {
  applyPreset,
  checkCondition,
  dryRun,
  getRules,
  PresetName,
  previewPreset,
  RulesDraft,
  setRules,
  undoPreset,
} from '../../contract/routes/rules.ts';
import type { RulesView, ShownRule } from '../../contract/routes/rules.ts';
import { RuleActionDraft, RuleDraft } from '../../contract/rules.ts';
import { readAccessLog } from '../access-log.ts';
import { dryRunText } from '../dry-run-text.ts';
import type { Client } from '../client.ts';
import { apiCommand, findSite } from '../command.ts';
import type { Reply } from '../command.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import { facts, table } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

/** Requests of a log that are sent. */
const mostRequests = 2000;
const actions = 'allow, challenge, deny, limit:N, password:WORD, redirect:STATUS:TO, redirect-all:STATUS:https://HOST';

export function addRulesCommands(program: Command, terminal: Terminal): void {
  const rules = program
    .command('rules')
    .description('Rules of a site: who is let in, checked, limited, refused or sent elsewhere.');

  apiCommand<ConnectionOptions>(
    rules,
    terminal,
    'show <site>',
    'Shows the rules of a site in their order, its headers and its maintenance.',
    (command) => command,
    async ({ client, args }) => {
      const { siteId } = await findSite(client, args[0] ?? '');
      return reply(await client.call(getRules, { params: { siteId } }));
    },
  );

  apiCommand<ConnectionOptions & { readonly first?: boolean; readonly off?: boolean }>(
    rules,
    terminal,
    'add <site> <name> <condition> <action>',
    `Adds a rule at the end, or replaces the one of this name. Actions: ${actions}.`,
    (command) => command.option('--first', 'before all others instead').option('--off', 'do not use it yet'),
    async ({ client, options, args }) => {
      const [, name = '', when = '', action = ''] = args;
      const rule = parsed(RuleDraft, { ruleId: name, when, enabled: options.off !== true, then: actionOf(action) });
      return changeList(client, args[0] ?? '', (list) => {
        const at = list.findIndex(({ ruleId }) => ruleId === rule.ruleId);
        if (at !== -1) return list.with(at, rule);
        return options.first === true ? [rule, ...list] : [...list, rule];
      });
    },
  );

  apiCommand<ConnectionOptions>(
    rules,
    terminal,
    'remove <site> <name>',
    'Removes a rule.',
    (command) => command,
    async ({ client, args }) =>
      changeList(client, args[0] ?? '', (list) => {
        const left = list.filter(({ ruleId }) => ruleId !== args[1]);
        if (left.length === list.length)
          throw new CommandFailure('usage', `No rule is called ${args[1]}. See: portcullis rules show`);
        return left;
      }),
  );

  apiCommand<ConnectionOptions & { readonly file: string }>(
    rules,
    terminal,
    'set <site>',
    'Replaces what a JSON file gives: rules, headers, maintenance.',
    (command) => command.requiredOption('--file <file>', 'as `rules show --json` prints it, or a part of it'),
    async ({ client, options, args }) => {
      const { siteId } = await findSite(client, args[0] ?? '');
      return reply(await client.call(setRules, { params: { siteId }, body: draftOf(options.file) }));
    },
  );

  apiCommand<ConnectionOptions>(
    rules,
    terminal,
    'check <condition>',
    'Says whether a condition can be read, and where not.',
    (command) => command,
    async ({ client, args }) => {
      const when = args[0] ?? '';
      const { mistake, needs } = await client.call(checkCondition, { body: { when } });
      if (mistake === null) {
        const data = needs.length === 0 ? '' : ` It needs network data at the edge: ${needs.join(' and ')}.`;
        return { json: { mistake, needs }, text: `This can be read.${data}` };
      }
      const shown = [
        when,
        `${' '.repeat(mistake.start)}${'^'.repeat(Math.max(1, Math.min(mistake.end, when.length) - mistake.start))}`,
        mistake.message,
      ];
      if (mistake.suggestion !== null) shown.push(`Did you mean ${mistake.suggestion} ?`);
      return {
        json: { mistake, needs },
        text: shown.join('\n'),
        exit: { name: 'failed', sentence: 'The condition cannot be read.' },
      };
    },
  );

  addDryRun(rules, terminal);

  apiCommand<ConnectionOptions & { readonly apply?: boolean; readonly undo?: boolean }>(
    rules,
    terminal,
    'preset <site> [name]',
    `Shows what a preset (${PresetName.options.join(', ')}) would change; applies it with --apply. It sets the limits, how much work a check takes and how long it is good for, and its own rules; all else stays.`,
    (command) => command.option('--apply', 'apply it').option('--undo', 'go back to what was there before the preset'),
    async ({ client, options, args }) => {
      const { siteId } = await findSite(client, args[0] ?? '');
      if (options.undo === true) return reply(await client.call(undoPreset, { params: { siteId } }));
      const preset = parsed(PresetName, args[1]);
      const preview = await client.call(previewPreset, { params: { siteId, preset } });
      const rows = preview.differences.map(({ what, before, after }) => [what, before, after]);
      if (options.apply !== true)
        return { json: preview, text: rows.length === 0 ? 'It would change nothing.' : table(['what', 'now', 'then'], rows) };
      const applied = reply(await client.call(applyPreset, { params: { siteId, preset }, body: {} }));
      const changed = rows.length === 0 ? 'Nothing was different.' : table(['what', 'before', 'now'], rows);
      return { ...applied, text: `${changed}\n\n${applied.text}` };
    },
  );
}

type DryRunOptions = ConnectionOptions & {
  readonly log?: string;
  readonly file?: string;
  readonly mode?: SiteMode;
  readonly preset?: PresetName;
};

function addDryRun(rules: Command, terminal: Terminal): void {
  apiCommand<DryRunOptions>(
    rules,
    terminal,
    'dry-run <site>',
    'Says what rules, a mode or a preset would do to the sampled requests of the site’s own last hour. Changes nothing.',
    (command) =>
      command
        .option('--file <file>', 'rules to try instead of those that the site has')
        .addOption(new Option('--mode <mode>', 'mode to try').choices(SiteMode.options))
        .addOption(new Option('--preset <name>', 'preset to try').choices(PresetName.options))
        .option('--log <file>', `try an access log (Common or Combined format) instead; its last ${mostRequests} lines are used`),
    async ({ client, options, args }) => {
      const site = await findSite(client, args[0] ?? '');
      const { mode, preset } = options;
      const log = options.log === undefined ? null : loggedRequests(options.log, site.hostnames[0] ?? 'unknown', terminal);
      const tried = options.file === undefined ? undefined : draftOf(options.file).rules;
      const ran = await client.call(dryRun, {
        params: { siteId: site.siteId },
        body: {
          ...(log === null ? {} : { requests: [...log.requests] }),
          ...(tried === undefined ? {} : { rules: tried }),
          ...(mode === undefined ? {} : { mode }),
          ...(preset === undefined ? {} : { preset }),
        },
      });
      const unread = log?.unread ?? 0;
      return { json: { ...ran, unread }, text: dryRunText(ran, unread) };
    },
  );
}

function loggedRequests(file: string, host: string, terminal: Terminal): ReturnType<typeof readAccessLog> {
  const at = Instant.parse(new Date(terminal.nowMs()).toISOString());
  const read = readAccessLog(readText(file), host, at, mostRequests);
  if (read.requests.length === 0) throw new CommandFailure('usage', `${file} holds no line that could be read as a request.`);
  return read;
}

async function changeList(
  client: Client,
  typed: string,
  change: (list: readonly RuleDraft[]) => readonly RuleDraft[],
): Promise<Reply> {
  const { siteId } = await findSite(client, typed);
  const held = await client.call(getRules, { params: { siteId } });
  const list = change(held.rules.map(({ ruleId, when, enabled, then }) => ({ ruleId, when, enabled, then })));
  return reply(await client.call(setRules, { params: { siteId }, body: { version: held.version, rules: [...list] } }));
}

/** A file as a draft: what `rules show --json` prints is one. */
function draftOf(file: string): RulesDraft {
  let given: unknown;
  try {
    given = JSON.parse(readText(file));
  } catch {
    throw new CommandFailure('usage', `${file} is not JSON.`);
  }
  const known = typeof given === 'object' && given !== null ? Object.entries(given) : [];
  const draft = Object.fromEntries(known.filter(([key]) => key in RulesDraft.shape && key !== 'version'));
  const rules = Array.isArray(draft['rules']) ? draft['rules'].map(withoutNeeds) : undefined;
  return parsed(RulesDraft, rules === undefined ? draft : { ...draft, rules });
}

function withoutNeeds(rule: unknown): unknown {
  return typeof rule === 'object' && rule !== null
    ? Object.fromEntries(Object.entries(rule).filter(([key]) => key !== 'needs'))
    : rule;
}

function actionOf(typed: string): RuleActionDraft {
  const [word = '', ...rest] = typed.split(':');
  const value = rest.join(':');
  const redirect = { do: 'redirect', status: Number(rest[0]), to: rest.slice(1).join(':') };
  const drafts: Readonly<Record<string, unknown>> = {
    limit: { do: 'limit', requestsPer10s: Number(value) },
    password: { do: 'password', password: value },
    redirect: { ...redirect, keepPath: false },
    'redirect-all': { ...redirect, keepPath: true },
  };
  return parsed(RuleActionDraft, drafts[word] ?? { do: word });
}

type Schema<Value> = {
  readonly safeParse: (
    value: unknown,
  ) =>
    | { success: true; data: Value }
    | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
};

function parsed<Value>(schema: Schema<Value>, value: unknown): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const said = result.error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.')}${path.length > 0 ? ': ' : ''}${message}`);
  throw new CommandFailure('usage', said.join('\n'));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new CommandFailure('usage', `The file ${file} cannot be read.`);
  }
}

function reply(view: RulesView): Reply {
  const rows = view.rules.map((rule) => [rule.ruleId, rule.enabled ? 'on' : 'off', actionWords(rule.then), rule.when]);
  const text = [
    facts([
      ['preset', view.preset],
      ['maintenance', view.maintenance === null ? null : view.maintenance.sentence],
      [
        'headers',
        view.headers.answers.length === 0
          ? null
          : view.headers.answers.map(({ header, value }) => `${header}: ${value ?? '(taken away)'}`).join('\n'),
      ],
      ['origin secret', !view.headers.originSecretSet ? null : 'is sent as X-Portcullis-Secret'],
      ['version', String(view.version)],
    ]),
    rows.length === 0
      ? 'No rules. Add one: portcullis rules add <site> no-scan \'path starts "/.git"\' deny'
      : table(['rule', '', 'does', 'when'], rows),
  ];
  return { json: view, text: text.join('\n\n') };
}

function actionWords(then: ShownRule['then']): string {
  switch (then.do) {
    case 'limit':
      return `limit:${then.requestsPer10s}`;
    case 'redirect':
      return `${then.keepPath ? 'redirect-all' : 'redirect'}:${then.status}:${then.to}`;
    default:
      return then.do;
  }
}
