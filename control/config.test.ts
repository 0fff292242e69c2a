/** Flags and environment: every mistake at once, each by its name; nothing that is not understood is passed over. */
import { describe, expect, it } from 'vitest';
import { helpText, readConfig } from './config.ts';

const read = (args: string[], env: Record<string, string> = {}) => readConfig(args, env, '/srv');
const mistakes = (args: string[], env: Record<string, string> = {}) => {
  const result = read(args, env);
  return result.kind === 'mistakes' ? result.mistakes.map((sentence) => sentence.split(/[: ]/)[0]) : result.kind;
};
const config = (args: string[], env: Record<string, string> = {}) => {
  const result = read(args, env);
  if (result.kind !== 'config') throw new Error(JSON.stringify(result));
  return result.config;
};

describe('configuration', () => {
  it('has usable defaults', () => {
    expect(config([])).toMatchObject({
      state: '/srv/.portcullis',
      host: '127.0.0.1',
      port: 8600,
      publicUrl: null,
      provider: 'Portcullis',
      allowOrigins: [],
      localEdge: false,
      captchaListen: null,
      captchaProxies: [],
      database: { kind: 'embedded', folder: '/srv/.portcullis/control' },
    });
  });

  it('tells every mistake at once', () => {
    const args = [
      'stray',
      '--listen',
      'localhost',
      '--public-url',
      'ftp://x',
      '--allow-origin',
      '10.0.0.0/99',
      '--colour',
      '--state',
    ];
    const env = { DATABASE_URL: 'mysql://x', PORTCULLIS_LOG_LEVEL: 'loud', PORTCULLIS_BREAK_GLASS_SECONDS: '0' };
    expect(mistakes(args, env)).toEqual([
      '“stray”',
      '--colour',
      '--state',
      '--listen',
      'DATABASE_URL',
      '--public-url',
      '--allow-origin',
      'PORTCULLIS_BREAK_GLASS_SECONDS',
      'PORTCULLIS_LOG_LEVEL',
    ]);
  });

  it('takes flags before the environment, and lists from both forms', () => {
    const env = { PORTCULLIS_STATE: 'env', PORTCULLIS_ALLOW_ORIGINS: '10.0.0.0/8, 192.168.0.0/16', PORTCULLIS_LISTEN: '[::1]:0' };
    expect(config([], env)).toMatchObject({
      state: '/srv/env',
      allowOrigins: ['10.0.0.0/8', '192.168.0.0/16'],
      host: '::1',
      port: 0,
    });
    const args = ['--state=/flag', '--allow-origin', '127.0.0.1', '--allow-origin', 'fd00::/8'];
    expect(config(args, env)).toMatchObject({ state: '/flag', allowOrigins: ['127.0.0.1/32', 'fd00::/8'] });
    expect(config(['--public-url', 'https://shield.example/']).publicUrl).toBe('https://shield.example');
  });

  it('names each flag of the help text, and no secret as a flag', () => {
    const flags = helpText.match(/--[a-z-]+/g) ?? [];
    const unknown = flags.filter((flag) => JSON.stringify(read([flag, '1'])).includes(`${flag} is not known`));
    expect([flags.length > 8, unknown]).toEqual([true, []]);
    expect(read(['--help']).kind).toBe('help');
    expect(helpText).not.toMatch(/--(database|policy-key|password)/);
  });
});
