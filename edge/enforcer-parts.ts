/** What the enforcer is handed by the agent and what it is told of; and the HAProxy that it holds the policy with. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Revision } from '../contract/ids.ts';
import type { NackReason } from '../contract/stream.ts';
import { CertificateKeeper } from './certificates/keeper.ts';
import type { CertificateKey } from './certificates/key.ts';
import type { CertificateSlots } from './certificates/slots.ts';
import { Engine } from './haproxy/engine.ts';
import type { HaproxyFiles } from './haproxy/files.ts';
import type { MapImage } from './haproxy/map-image.ts';
import { HaproxyProcess } from './haproxy/process.ts';
import type { NetworkFiles } from './network-data/keeper.ts';
import type { OwnAttacks } from './own-attacks.ts';
import type { EdgePlan } from './render/types.ts';
import type { Delta } from './stream/policy-state.ts';
import type { EdgeMetrics } from './telemetry/metrics.ts';

export type TimedDelta = { readonly delta: Delta; readonly receivedMs: number };

export type EnforcerParts = {
  /** The edge's own folder. */
  readonly folder: string;
  readonly plan: (pagesFolder: string) => EdgePlan;
  readonly haproxyBinary: string;
  readonly networkFiles: NetworkFiles;
  /** The program's version. */
  readonly version: string;
  /** Stands on pages until a policy names the provider. */
  readonly publicUrl: string;
  readonly certificateKey: Pick<CertificateKey, 'open'>;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly chance: () => number;
  /** Sites that the edge holds in attack mode by itself (own-attacks.ts), and where it hears what policy says of a site. */
  readonly ownAttacks?: Pick<OwnAttacks, 'has' | 'siteChanged'>;
  /** The policy's present revision is in force and on disk. */
  readonly onInForce: (receivedMs: number) => void;
  readonly onRefused: (revision: Revision, reason: NackReason, detail: string) => void;
  /** Orders may have come into force or been lifted. */
  readonly onOrders: (sinceMs: number) => void;
};

/** HAProxy with its files, not started. */
export function openEngine(
  { plan, certificateKey, haproxyBinary, log }: EnforcerParts,
  files: HaproxyFiles,
  { image, slots, onDown }: { readonly image: MapImage; readonly slots: CertificateSlots; readonly onDown: () => void },
): Engine {
  const { listeners, paths } = plan('/');
  const { adminSocket } = paths;
  const keeper = { folder: paths.certificates, slots, key: certificateKey, log };
  return new Engine({
    files,
    process: new HaproxyProcess({
      binary: haproxyBinary,
      config: files.config,
      adminSocket,
      masterSocket: join(files.folder, 'master.sock'),
      log: join(files.folder, 'haproxy.log'),
    }),
    adminSocket,
    image,
    certificates: listeners.some(({ scheme }) => scheme === 'https') ? new CertificateKeeper(keeper) : null,
    log,
    onDown,
  });
}
