/**
 * Floods one port with requests without a clearance from many addresses of 127.0.0.0/8, as fast as it is answered.
 * Usage: node flooder.ts PORT HOST CONNECTIONS. Says `ready` when it has begun; ends with its parent's pipe.
 *
 * Each connection keeps eight requests under way; one that is closed comes back from another address. Whatever is answered is thrown away.
 */
import net from 'node:net';

const [port = '', host = '', connections = ''] = process.argv.slice(2);
const one = `GET /search?q=flood HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\nUser-Agent: Mozilla/5.0\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\r\n`;
const some = Buffer.from(one.repeat(8));
const byte = () => 1 + Math.floor(Math.random() * 250);

function attack(): void {
  const socket = net.connect({ port: Number(port), host: '127.0.0.1', localAddress: `127.${byte()}.${byte()}.${byte()}` });
  socket.once('connect', () => socket.write(some));
  socket.on('data', () => {
    if (socket.writableLength === 0) socket.write(some);
  });
  socket.on('error', () => undefined);
  socket.once('close', () => setTimeout(attack, 20));
}

for (let index = 0; index < Number(connections); index += 1) attack();
process.stdout.write('ready\n');
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
