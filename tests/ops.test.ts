/** What an operator installs from ops/: that its commands, flags, variables and files are ones that exist. Nothing is installed or built here. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig as readControl } from '../control/config.ts';
import { readConfig as readEdge } from '../edge/config.ts';
import { readRelayConfig } from '../edge/relay/config.ts';
import { removeFolder, temporaryFolder } from './harness/ports.ts';
import { checkout } from './harness/program.ts';

const folder = path.join(checkout, 'ops', 'systemd');
const read = (...parts: readonly string[]) => readFileSync(path.join(checkout, ...parts), 'utf8');
const named = (ending: string) => readdirSync(folder).filter((name) => name.endsWith(ending));
const settings = read('docs', 'handbook', 'settings.md');

/** `NAME=value` lines, those that are commented out among them. */
const variables = (text: string) =>
  Object.fromEntries([...text.matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));

/** A command line `portcullis ROLE FLAGS`, read as the role reads it. */
function understood(words: readonly string[], env: Record<string, string>): string {
  const [role, ...flags] = words;
  const read = {
    control: () => readControl(flags, env, '/'),
    edge: () => readEdge(flags, env),
    relay: () => readRelayConfig(flags, env),
  };
  const found = role === 'control' || role === 'edge' || role === 'relay' ? read[role]() : null;
  return found?.kind === 'mistakes' ? found.mistakes.join('\n') : (found?.kind ?? `no role “${role ?? ''}”`);
}

describe('systemd units', () => {
  const roles = ['control', 'edge', 'relay'];

  it.each(roles)('portcullis-%s starts a role with flags and an environment that the role takes', (role) => {
    const unit = read('ops', 'systemd', `portcullis-${role}.service`);
    const [program = '', ...words] = (/^ExecStart=(.*)$/m.exec(unit)?.[1] ?? '').split(' ');
    expect(program).toBe('/opt/portcullis/portcullis');
    const env = variables(read('ops', 'systemd', `${role}.env.example`));
    expect(understood(words, { ...env, ...(role === 'edge' ? { PORTCULLIS_EDGE_PEER_NAME: 'edge-1' } : {}) })).toBe('config');
    expect(words[0]).toBe(role);
    expect(unit).toContain(`EnvironmentFile=${role === 'control' ? '-' : ''}/etc/portcullis/${role}.env`);
    const state = /--state (\S+)/.exec(unit)?.[1] ?? '';
    expect(unit).toContain(`StateDirectory=${path.basename(state)}\n`);
  });

  it('run as users that sysusers makes, and every file and page that they name is there', () => {
    const users = read('ops', 'systemd', 'portcullis.sysusers.conf');
    for (const role of roles) {
      const unit = read('ops', 'systemd', `portcullis-${role}.service`);
      expect(users).toMatch(new RegExp(`^u ${/^User=(.*)$/m.exec(unit)?.[1]} `, 'm'));
      for (const [, page = ''] of unit.matchAll(/(docs\/handbook\/[a-z-]+\.md)/gi))
        expect(existsSync(path.join(checkout, page)), page).toBe(true);
    }
  });

  it('and their examples name no variable that the handbook does not', () => {
    for (const file of named('.env.example')) {
      const unknown = Object.keys(variables(read('ops', 'systemd', file))).filter(
        (name) => !settings.includes(`\`${name}\``) && name !== 'NODE_EXTRA_CA_CERTS',
      );
      expect(unknown, file).toEqual([]);
    }
  });

  it.runIf(spawnSync('systemd-analyze', ['--version']).status === 0)('are what systemd understands', () => {
    const copy = temporaryFolder('units');
    try {
      for (const file of named('.service')) {
        writeFileSync(
          path.join(copy, file),
          read('ops', 'systemd', file).replaceAll('/opt/portcullis/portcullis', path.join(checkout, 'portcullis')),
        );
      }
      for (const file of named('.conf')) cpSync(path.join(folder, file), path.join(copy, file));
      const verified = spawnSync(
        'systemd-analyze',
        ['verify', '--man=no', ...named('.service').map((file) => path.join(copy, file))],
        { encoding: 'utf8' },
      );
      expect(verified.stderr.split('\n').filter((line) => line.includes('portcullis'))).toEqual([]);
    } finally {
      removeFolder(copy);
    }
  });
});

describe('the container file', () => {
  const text = read('ops', 'container', 'Containerfile');

  it('copies what is there, installs by a target that exists, and starts the program', () => {
    const sources = [...text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, words = '']) => words.split(' '));
    expect(sources.filter((source) => !existsSync(path.join(checkout, source)))).toEqual([]);
    const targets = [...text.matchAll(/RUN node tools\/setup\.mjs (\w+)/g)].map(([, target = '']) => target);
    const known = [...read('tools', 'setup.mjs').matchAll(/^ {2}(\w+): \{/gm)].map(([, name = '']) => name);
    expect(targets.filter((target) => !known.includes(target))).toEqual([]);
    expect(text).toContain('ENTRYPOINT ["/opt/portcullis/portcullis"]');
    expect(execFileSync(path.join(checkout, 'portcullis'), ['--help'], { encoding: 'utf8' })).toContain('portcullis');
  });

  it('and the commands in its head are ones that the program takes', () => {
    const commands = [...text.matchAll(/ portcullis ((?:control|edge) .*)$/gm)].map(([, words = '']) => words.split(' '));
    expect(commands.map(([role]) => role)).toEqual(['control', 'edge']);
    for (const words of commands) expect(understood(words, { PORTCULLIS_CONTROL: 'https://shield.example' })).toBe('config');
  });

  it('leaves as somebody who is not root', () => {
    expect(text.lastIndexOf('\nUSER portcullis\n')).toBeGreaterThan(text.lastIndexOf('\nRUN '));
  });
});
