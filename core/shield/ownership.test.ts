import { describe, expect, it } from 'vitest';
import { Hostname } from '../../contract/hostname.ts';
import { isProof, proofNames, proofUrl, proofValue } from './ownership.ts';

const names = (hostname: string) => proofNames(Hostname.parse(hostname));

describe('proof of ownership', () => {
  it('may stand at the hostname or a parent, but never above the registrable domain', () => {
    expect(names('a.forum.co.uk')).toEqual(['_portcullis.a.forum.co.uk', '_portcullis.forum.co.uk']);
    expect(names('forum.example')).toEqual(['_portcullis.forum.example']);
    expect(names('*.b.forum.example')).toEqual(['_portcullis.b.forum.example', '_portcullis.forum.example']);
  });

  it('of a customer of a hosting company says nothing of its other customers', () => {
    expect(names('me.github.io')).toEqual(['_portcullis.me.github.io']);
  });

  it('by file is for exact hostnames only', () => {
    expect(proofUrl(Hostname.parse('forum.example'))).toBe('http://forum.example/.well-known/portcullis-site.txt');
    expect(proofUrl(Hostname.parse('*.forum.example'))).toBeNull();
  });

  it('is the exact value of that site', () => {
    expect(isProof(` ${proofValue('t1')}\n`, 't1')).toBe(true);
    expect(isProof(proofValue('t2'), 't1')).toBe(false);
    expect(isProof(`x ${proofValue('t1')}`, 't1')).toBe(false);
  });
});
