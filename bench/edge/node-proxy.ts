/**
 * A bare reverse proxy in Node with undici, as a peer of the bench: what the edge would cost if Node were in the path.
 * Usage: node node-proxy.ts PORT ORIGIN-PORT
 */
import http from 'node:http';
import { Pool } from 'undici';

const [port = 0, originPort = 0] = process.argv.slice(2).map(Number);
const pool = new Pool(`http://127.0.0.1:${originPort}`, { connections: 128, pipelining: 1 });

http
  .createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const { connection: _connection, ...forwarded } = headers;
    const body = method === 'GET' || method === 'HEAD' ? null : request;
    pool
      .stream({ method, path: url, headers: forwarded, body, opaque: response }, ({ statusCode, headers: answered }) => {
        response.writeHead(statusCode, answered);
        return response;
      })
      .catch(() => response.destroy());
  })
  .listen(port, '127.0.0.1', 4096);
