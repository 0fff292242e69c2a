/** A visitor in a process of its own, who is not held up by what the bench itself does: `visitor.ts PORT HOST` asks again and again until its input
 * ends, then prints `{ worstMs, asked }`. Any answer but 200 ends it with an error. */
import http from 'node:http';

const [port = '0', host = ''] = process.argv.slice(2);
let going = true;
process.stdin.on('end', () => (going = false)).resume();

const ask = (): Promise<number> =>
  new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port: Number(port), path: '/', agent: false, headers: { host } }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      })
      .once('error', reject);
  });

let [worstMs, asked] = [0, 0];
for (; going; asked += 1) {
  const began = performance.now();
  const status = await ask();
  if (status !== 200) throw new Error(`a visitor got ${status}`);
  // The first ones pay for the start of this process.
  if (asked >= 20) worstMs = Math.max(worstMs, performance.now() - began);
  await new Promise((resolve) => setTimeout(resolve, 2));
}
process.stdout.write(`${JSON.stringify({ worstMs, asked })}\n`);
