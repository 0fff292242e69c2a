/** A name server on loopback that knows what a test tells it: A, AAAA and TXT records with a time to live, over real UDP. */
import { createSocket } from 'node:dgram';
import dnsPacket from 'dns-packet';

export type TestDns = {
  /** `127.0.0.1:port`, as `--dns-server` takes it. */
  readonly address: string;
  /** Replaces everything that is known of a name. */
  readonly set: (name: string, records: { a?: string[]; aaaa?: string[]; txt?: string[]; ttl?: number }) => void;
  /** From now on every question is answered with SERVFAIL (true), or honestly again (false). */
  readonly fail: (failing: boolean) => void;
  readonly stop: () => Promise<void>;
};

export async function startDns(): Promise<TestDns> {
  const known = new Map<string, { a?: string[]; aaaa?: string[]; txt?: string[]; ttl?: number }>();
  let failing = false;
  const socket = createSocket('udp4');
  socket.on('message', (bytes, peer) => {
    const query = dnsPacket.decode(bytes);
    const question = query.questions?.[0];
    if (question === undefined) return;
    const records = known.get(question.name.toLowerCase());
    const ttl = records?.ttl ?? 60;
    const { name } = question;
    const answers = (() => {
      if (question.type === 'A') return (records?.a ?? []).map((data) => ({ name, type: 'A' as const, ttl, data }));
      if (question.type === 'AAAA') return (records?.aaaa ?? []).map((data) => ({ name, type: 'AAAA' as const, ttl, data }));
      if (question.type === 'TXT') return (records?.txt ?? []).map((data) => ({ name, type: 'TXT' as const, ttl, data }));
      return [];
    })();
    const serverFailure = 2;
    const noSuchName = 3;
    const code = failing ? serverFailure : records === undefined ? noSuchName : 0;
    const reply = dnsPacket.encode({
      type: 'response',
      id: query.id ?? 0,
      flags: dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | code,
      questions: [question],
      answers: failing ? [] : answers,
    });
    socket.send(reply, peer.port, peer.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    set: (name, records) => void known.set(name.toLowerCase(), records),
    fail: (wanted) => void (failing = wanted),
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
