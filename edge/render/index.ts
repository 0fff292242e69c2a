/**
 * Rendering: a policy in, `haproxy.cfg`, map entries and page files out. The one door into this folder.
 *
 * Pure (renderPages reads two scripts that are part of the program). Writing, checking and applying are edge/haproxy's.
 */
export { renderConfig } from './config.ts';
export { peersSocket } from './skeleton/base.ts';
export { claimTable } from './skeleton/clearance.ts';
export { clientTables } from './skeleton/neighbours.ts';
export { certificateList } from './skeleton/tls.ts';
export { cookieName, ownFolder } from './skeleton/parts.ts';
export type { EdgeAction } from './skeleton/parts.ts';
export { counterIndex, counterTable, parseCounterLine } from './counters.ts';
export type { SiteCounters } from './counters.ts';
export { currentKeyName, renderAnswers, renderGlobal } from './global.ts';
export { mapFile, mapText, maxEntryBytes, mergeEntries } from './maps.ts';
export { renderPages } from './pages/index.ts';
export type { PageFiles } from './pages/index.ts';
export { renderSite } from './site.ts';
export { bulkMaps, mapNames } from './types.ts';
export type { EdgePlan, Listener, MapEntry, MapName } from './types.ts';
