/**
 * The few platform globals that pure rooms may use: they are deterministic, and exist in Node and in browsers.
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
/** Base64 of a text whose characters are all below 256, and back. */
declare function btoa(text: string): string;
declare function atob(text: string): string;
