/**
 * Sends reports over HTTP at a steady rate, from a process of its own: started by intake.ts, which shares its event loop with the control plane.
 *
 * `node sender.ts '<JSON of SenderJob>'` prints one JSON array: how long each report took from when it was due until its whole answer, in milliseconds.
 */
import { Agent, request } from 'undici';
import { z } from 'zod';
import { sendReport } from '../../contract/routes/desk/reports.ts';
import { atRate, exampleReport } from './rate.ts';

const SenderJob = z.strictObject({
  url: z.url(),
  perSecond: z.int().min(1),
  seconds: z.number().min(0.1),
  /** The number of the first report; reports of one bench differ in it. */
  from: z.int().min(0),
  connections: z.int().min(1),
});
export type SenderJob = z.infer<typeof SenderJob>;

async function main(): Promise<void> {
  const { url, perSecond, seconds, from, connections } = SenderJob.parse(JSON.parse(process.argv[2] ?? ''));
  const agent = new Agent({ connections, pipelining: 1 });
  const send = async (n: number): Promise<void> => {
    const { class: kind, text, urls, hostname, contact } = exampleReport(from + n);
    const answer = await request(`${url}${sendReport.path}`, {
      dispatcher: agent,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ class: kind, text, urls, hostname, contact }),
    });
    await answer.body.dump();
    if (answer.statusCode !== 201) throw new Error(`a report was answered ${answer.statusCode}`);
  };
  const tookMs = await atRate(perSecond, seconds, send);
  await agent.close();
  process.stdout.write(JSON.stringify(tookMs.map((ms) => Math.round(ms * 100) / 100)));
}

await main();
