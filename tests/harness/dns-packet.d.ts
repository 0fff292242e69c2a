/** The part of dns-packet (which brings no types) that tests use. */
declare module 'dns-packet' {
  type Question = { name: string; type: string };
  type Answer = { name: string; type: 'A' | 'AAAA' | 'TXT'; ttl: number; data: string };
  type Packet = { type?: 'query' | 'response'; id?: number; flags?: number; questions?: Question[]; answers?: Answer[] };
  const packet: {
    decode(bytes: Uint8Array): Packet;
    encode(packet: Packet): Uint8Array;
    readonly RECURSION_DESIRED: number;
    readonly RECURSION_AVAILABLE: number;
  };
  export default packet;
}
