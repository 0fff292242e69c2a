/**
 * The two platform globals that pure rooms may use: both are deterministic, and both exist in Node and in browsers.
 * Everything else of the platform (process, fetch, timers, node:*) stays a compile error in contract/ and core/.
 */
declare class URL {
  constructor(input: string, base?: string);
  readonly href: string;
  readonly origin: string;
  readonly protocol: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
  readonly username: string;
  readonly password: string;
}
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}
