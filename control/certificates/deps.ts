/** What the certificates' parts are handed. */
import type { ControlDeps } from '../deps.ts';
import type { AccountBinding, Authority } from './authority.ts';
import type { DnsHook } from './dns-hook.ts';
import type { CertificateKeys } from './keys.ts';

export type CertificateConfig = {
  /** The authority's directory; null: no authority is asked for anything. */
  readonly directory: string | null;
  /** `mailto:` address that the authority may write to. */
  readonly contact: string | null;
  /** Whose customer we are there, for authorities that take no strangers; null: for those that do. */
  readonly binding: AccountBinding | null;
  /** Program that publishes TXT records; null: no wildcards. */
  readonly dnsHook: string | null;
};

export type CertificateDeps = ControlDeps & {
  readonly keys: CertificateKeys;
  /** Null: none is set up. */
  readonly authority: Authority | null;
  readonly dns: DnsHook | null;
};

/** What most of them need. */
export type CertificateParts = Pick<CertificateDeps, 'store' | 'now' | 'log' | 'keys' | 'authority' | 'dns'>;
