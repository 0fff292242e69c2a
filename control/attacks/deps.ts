/** What attacks are handed: the control plane's parts, the seal and the outbox, and the edges' streams. */
import type { ControlDeps } from '../deps.ts';
import type { DeskDeps } from '../desk/deps.ts';
import type { EdgeStream } from '../edges/stream.ts';

export type AttackDeps = ControlDeps &
  Pick<DeskDeps, 'seal' | 'outbox' | 'desk'> & { readonly stream: Pick<EdgeStream, 'ask' | 'takeOwnAttacks'> };
