import { describe, expect, it } from 'vitest';
import { edgeHelp, readConfig } from './config.ts';

const good = ['--control', 'https://control.example', '--state', '/var/lib/portcullis'];
const read = (argv: readonly string[], env: Record<string, string> = {}) => {
  const result = readConfig(argv, env);
  if (result.kind !== 'config') throw new Error(result.kind === 'mistakes' ? result.mistakes.join('\n') : 'help');
  return result.config;
};
const mistakes = (argv: readonly string[], env: Record<string, string> = {}) => {
  const result = readConfig(argv, env);
  return result.kind === 'mistakes' ? result.mistakes : [];
};

describe('edge configuration', () => {
  it('needs a control plane, and has usable defaults for the rest', () => {
    expect(mistakes([])[0]).toContain('The control plane is missing');
    expect(read(good)).toMatchObject({
      controlUrl: 'https://control.example/',
      folder: '/var/lib/portcullis/edge',
      listeners: [
        { scheme: 'http', address: '127.0.0.1', port: 8080 },
        { scheme: 'https', address: '127.0.0.1', port: 8443 },
      ],
      metrics: { address: '127.0.0.1', port: 9184 },
      leaveHaproxy: false,
    });
  });

  it('takes the environment, and flags before it', () => {
    const env = {
      PORTCULLIS_CONTROL: 'https://env.example',
      PORTCULLIS_EDGE_HTTP: '192.0.2.1:80,[2001:db8::1]:80',
      PORTCULLIS_EDGE_HTTPS: 'off',
    };
    expect(read([], env).listeners).toEqual([
      { scheme: 'http', address: '192.0.2.1', port: 80 },
      { scheme: 'http', address: '2001:db8::1', port: 80 },
    ]);
    expect(read(good, env).controlUrl).toBe('https://control.example/');
  });

  it('refuses plain http to another machine unless told otherwise, and says why', () => {
    expect(mistakes(['--control', 'http://control.example'])[0]).toContain('could be read on the way');
    expect(read(['--control', 'http://control.example', '--insecure-control']).controlUrl).toBe('http://control.example/');
    for (const loopback of ['http://127.0.0.1:7000', 'http://[::1]:7000', 'http://localhost:7000'])
      expect(read(['--control', loopback])).toBeTruthy();
    expect(mistakes(['--control', 'http://127.0.0.1.example'])).toHaveLength(1);
  });

  it('names every mistake at once', () => {
    const found = mistakes([
      ...['--control', 'ftp://u:p@control.example', '--http', 'localhost:80', '--https', '127.0.0.1:99999'],
      ...['--metrics', 'x', '--threads', '0', '--max-connections', '1.5', '--log-level', 'loud', '--state', '/a b'],
    ]);
    expect(found).toHaveLength(9);
    expect(mistakes(['--unknown'])).toHaveLength(1);
  });

  it('takes the edges of its point of presence by their private addresses, and knows which it is', () => {
    const peers = 'north-1@10.0.0.1:10000,north-2@[fd00::2]:10000';
    expect(read(good).neighbours).toBeNull();
    expect(read([...good, '--name', 'north-2', '--peers', peers]).neighbours).toEqual({
      own: 'north-2',
      all: [
        { name: 'north-1', address: '10.0.0.1', port: 10000 },
        { name: 'north-2', address: 'fd00::2', port: 10000 },
      ],
    });
    const env = { PORTCULLIS_EDGE_PEERS: peers, PORTCULLIS_EDGE_PEER_NAME: 'north-1' };
    expect(read(good, env).neighbours?.own).toBe('north-1');
    const wrong = (list: string) => mistakes([...good, '--name', 'north-1', '--peers', list]).join('\n');
    expect(wrong('north-1@10.0.0.1:10000,north-2@192.0.2.7:10000')).toContain('use addresses of a private network');
    expect(wrong('north-1@10.0.0.1:10000,north-2@8.8.8.8:10000')).toContain('use addresses of a private network');
    expect(wrong('north-2@10.0.0.1:10000,north-3@10.0.0.2:10000')).toContain('does not name this edge');
    expect(wrong('north-1@10.0.0.1:10000,north-1@10.0.0.2:10000')).toContain('twice');
    expect(wrong('north-1@10.0.0.1:10000')).toContain('2 to 8 edges');
    expect(wrong('north-1@10.0.0.1:10000,North 2@10.0.0.2')).toContain('NAME@ADDRESS:PORT');
  });

  it('refuses a state folder whose sockets would not fit', () => {
    expect(mistakes([...good.slice(0, 2), '--state', `/${'x'.repeat(90)}`])[0]).toContain('too long for sockets');
  });

  it('has help for every flag', () => {
    expect(readConfig(['--help'], {}).kind).toBe('help');
    for (const flag of [
      'control',
      'token',
      'token-file',
      'state',
      'name',
      'http',
      'https',
      'metrics',
      'keep-haproxy',
      'insecure-control',
    ]) {
      expect(edgeHelp).toContain(`--${flag}`);
    }
  });
});
