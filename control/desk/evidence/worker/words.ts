/**
 * What the control plane and a capture worker say to each other: one JSON line in, one JSON line and then bytes out.
 *
 * The worker reads what strangers made, so its answer is parsed like anything from outside: sizes are bounded, parts are bytes.
 */
import { z } from 'zod';
import { Cidr } from '../../../../contract/network.ts';

/** Where a worker may connect: the open internet on the web's ports, and the operator's networks on any port. */
export const ReachRules = z.strictObject({ allowed: z.array(Cidr), dnsServers: z.array(z.string()) });
export type ReachRules = z.infer<typeof ReachRules>;

export const CaptureJob = z.strictObject({
  kind: z.literal('capture'),
  url: z.string().max(8000),
  rules: ReachRules,
  /** Bytes of the answer as it travels; what is longer is cut and marked. */
  mostBytes: z.int().min(1),
  mostHeadBytes: z.int().min(1),
  mostRedirects: z.int().min(0),
  mostCharacters: z.int().min(1),
  /** For everything together. */
  timeoutMs: z.int().min(1),
});
export type CaptureJob = z.infer<typeof CaptureJob>;

/** A proxy for one browser run: the same rules for whatever the browser asks for. Runs until its standard input closes. */
export const ProxyJob = z.strictObject({
  kind: z.literal('proxy'),
  rules: ReachRules,
  mostBytes: z.int().min(1),
  timeoutMs: z.int().min(1),
});
export type ProxyJob = z.infer<typeof ProxyJob>;

export const WorkerJob = z.discriminatedUnion('kind', [CaptureJob, ProxyJob]);
export type WorkerJob = z.infer<typeof WorkerJob>;

const Part = z.int().min(0).max(200);

export const Hop = z.strictObject({
  url: z.string(),
  atMs: z.int(),
  address: z.string(),
  port: z.int(),
  /** What the name servers said, as `name ttl type data`. */
  dns: z.array(z.string().max(600)).max(60),
  tls: z
    .strictObject({
      protocol: z.string(),
      cipher: z.string(),
      /** Null when the chain is trusted and fits the name; else why not. A bad certificate is evidence, not a failure. */
      problem: z.string().nullable(),
      /** DER, the server's own first. */
      chain: z.array(Part).max(10),
    })
    .nullable(),
  status: z.int(),
  mime: z.string().max(200),
  request: Part,
  response: Part,
  responseHeadBytes: z.int(),
});
export type Hop = z.infer<typeof Hop>;

const said = z.string().max(600);

export const WorkerAnswer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('captured'),
    hops: z.array(Hop).min(1).max(12),
    truncated: z.enum(['length', 'time']).nullable(),
    /** SHA-256 of the last body as the transfer left it, before any decompression. */
    bodySha256: z.string(),
    title: z.string().max(500),
    /** The words of the page, when it has any. */
    text: Part.nullable(),
    textTruncated: z.boolean(),
    /** Things worth knowing about how it was read. */
    notes: z.array(said).max(20),
    parts: z.array(z.int().min(0)).max(200),
  }),
  z.strictObject({ kind: z.literal('gone'), why: said, parts: z.tuple([]) }),
  /** The address leads inward or is no address of the web. */
  z.strictObject({ kind: z.literal('refused'), why: said, parts: z.tuple([]) }),
  /** May work another time. */
  z.strictObject({ kind: z.literal('failed'), why: said, parts: z.tuple([]) }),
  z.strictObject({ kind: z.literal('listening'), port: z.int(), parts: z.tuple([]) }),
]);
export type WorkerAnswer = z.infer<typeof WorkerAnswer>;
