import { expect, it } from 'vitest';
import type { Understood } from '../harness/origin-pair.ts';
import { hosts, judge } from './judge.ts';
import type { Case, Kind } from './judge.ts';

const answer = 'HTTP/1.1 200 OK\r\n\r\n';
const refusal = 'HTTP/1.1 400 Bad Request\r\n\r\n';
const request = (kind: Kind, target: string, from = `127.0.0.${kind === 'node' ? 1 : 2}`): Understood => {
  const line = `GET ${target} HTTP/1.1`;
  return { method: 'GET', target, host: hosts[kind], from, body: '', refused: false, line };
};
const refused = (line: string): Understood => ({ ...request('nginx', '/', ''), refused: true, line });
const attack = (more: Partial<Case> = {}): Case => ({
  name: 'an attack',
  from: { node: '127.0.0.1', nginx: '127.0.0.2' },
  answers: { node: answer, nginx: answer },
  sent: 'GET /a HTTP/1.1\r\n\r\n',
  ...more,
});
const alike = { node: [request('node', '/a')], nginx: [request('nginx', '/a')] };

it('nothing is wrong when both understood what the edge decided on', () => {
  expect(judge([attack()], alike)).toEqual([]);
});

it('a request that one of them has more, or of nobody, is found', () => {
  expect(judge([attack()], { ...alike, nginx: [...alike.nginx, request('nginx', '/smuggled')] })).toHaveLength(1);
  expect(judge([attack()], { ...alike, node: [...alike.node, request('node', '/smuggled', '')] })).not.toEqual([]);
});

it('a line that only nginx saw is found, unless it is how somebody began whom both refused, or Node did not answer', () => {
  const line = '0GET /a HTTP/1.1';
  const seen = { node: [], nginx: [refused(line)] };
  const lost = attack({ sent: `${line}\r\n\r\n`, answers: { node: '', nginx: refusal } });
  expect(judge([lost], seen)).toEqual([]);
  expect(judge([{ ...lost, answers: { node: refusal, nginx: refusal } }], seen)).toEqual([]);
  expect(judge([{ ...lost, answers: { node: answer, nginx: answer } }], { ...seen, node: alike.node })).not.toEqual([]);
  expect(judge([{ ...lost, sent: `POST /b HTTP/1.1\r\n\r\n${line}\r\n\r\n` }], seen)).toHaveLength(1);
  expect(judge([lost], { node: [], nginx: [refused(line), refused(line)] })).toHaveLength(1);
});
