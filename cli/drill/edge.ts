/** A visitor of a hostname at an edge, whatever DNS says of that name: one request over plain http, as a browser navigates. */
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

export type Met = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };

const timeoutMs = 5000;
const longestBody = 1_000_000;

/** Resolves with the answer; rejects when nobody answers in time or the answer is endless. */
export function visitEdge(edge: URL, host: string): Promise<Met> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: edge.hostname.replace(/^\[|\]$/g, ''),
        port: edge.port === '' ? 80 : Number(edge.port),
        path: '/',
        agent: false,
        timeout: timeoutMs,
        setHost: false,
        headers: {
          host,
          accept: 'text/html,*/*;q=0.8',
          'accept-language': 'en',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
        },
      },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          body += chunk;
          if (body.length > longestBody) asked.destroy(new Error(`The edge’s answer for ${host} has no end.`));
        });
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
        answer.once('error', reject);
      },
    );
    asked.once('timeout', () => asked.destroy(new Error(`The edge did not answer for ${host} within ${timeoutMs / 1000} s.`)));
    asked.once('error', reject);
    asked.end();
  });
}
