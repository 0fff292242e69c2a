/**
 * Somebody honest, on a thread of his own: works through checks one after another while garbage comes, and tells how many he passed. Whoever asks for
 * figures must not be the one who works: sums would stand in the way of his clock.
 */
import { Agent, request as ask } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { checkPaths, CheckReply } from '../../contract/captcha.ts';
import { solveStep } from './native.ts';

export const VisitorOrder = z.object({ port: z.int(), siteKey: z.string() });
export type VisitorOrder = z.infer<typeof VisitorOrder>;

const agent = new Agent({ keepAlive: true });

/** Posts and parses what comes back; of one visitor, as the proxy in front tells it. */
export function post(port: number, path: string, type: string, body: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body), 'x-forwarded-for': '192.0.2.1' };
    const asked = ask({ port, host: '127.0.0.1', path, method: 'POST', agent, headers, timeout: 30_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve(JSON.parse(text)));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 30 s')));
    asked.on('error', (error) => reject(new Error(`${path}: ${error.message}`)));
    asked.end(body);
  });
}

async function step(port: number, path: string, body: unknown): Promise<CheckReply> {
  return CheckReply.parse(await post(port, path, 'application/json', JSON.stringify(body)));
}

/** A line of a step that was answered wrong: good for nothing any more. */
export async function usedLine(port: number, siteKey: string): Promise<string> {
  const reply = await step(port, checkPaths.begin, { siteKey, host: 'shop.example' });
  if (reply.do !== 'step') throw new Error(`no step: ${JSON.stringify(reply)}`);
  await step(port, checkPaths.answer, { line: reply.line, a: '2' });
  return reply.line;
}

async function visit({ port, siteKey }: VisitorOrder): Promise<void> {
  const told: { passed: number; trouble: string | null } = { passed: 0, trouble: null };
  parentPort?.on('message', () => parentPort?.postMessage(told));
  while (told.trouble === null) {
    try {
      let reply = await step(port, checkPaths.begin, { siteKey, host: 'shop.example' });
      while (reply.do === 'step')
        reply = await step(port, checkPaths.answer, { line: reply.line, a: solveStep(reply.step), b: 20 });
      if (reply.do === 'token') told.passed += 1;
      else told.trouble = JSON.stringify(reply);
    } catch (error) {
      told.trouble = error instanceof Error ? error.message : String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const order = VisitorOrder.safeParse(workerData);
if (order.success) await visit(order.data);
