/**
 * The agent's own start with so many sites, in a process of its own so that its memory is its own: `agent.ts write FOLDER COUNT PORT` writes the
 * edge's copy of its policy as the agent does; `agent.ts start FOLDER` reads it, renders every site and writes the map files, which is all that
 * an edge does before it starts HAProxy, and prints `{ readMs, renderMs, writeMs, rssMb }`.
 */
import { mkdirSync } from 'node:fs';
import { Revision } from '../../contract/ids.ts';
import { ProviderPolicy } from '../../contract/policy.ts';
import { itemHash } from '../../core/shield/digest.ts';
import { CertificateSlots } from '../../edge/certificates/slots.ts';
import { HaproxyFiles } from '../../edge/haproxy/files.ts';
import { MapImage } from '../../edge/haproxy/map-image.ts';
import { mapNames } from '../../edge/render/index.ts';
import { RenderedPolicy } from '../../edge/rendered-policy.ts';
import { DiskCopy } from '../../edge/stream/disk-copy.ts';
import { PolicyState, sha256Hex } from '../../edge/stream/policy-state.ts';
import { manySites } from './sites.ts';

const provider = ProviderPolicy.parse({ kind: 'provider', name: 'Example Shield', publicUrl: 'http://shield.example' });

async function write(folder: string, count: number, originPort: number): Promise<void> {
  const { copy } = await DiskCopy.open(`${folder}/policy`);
  const items = [provider, ...manySites(count, originPort)].map((item) => ({ item, hash: itemHash(item, sha256Hex) }));
  await copy.replace(new PolicyState(Revision.parse(1), items));
  await copy.close();
}

async function start(folder: string): Promise<Record<string, number>> {
  const began = performance.now();
  const { loaded, copy } = await DiskCopy.open(`${folder}/policy`);
  const read = performance.now();
  const image = new MapImage(mapNames);
  await new RenderedPolicy(image, new CertificateSlots()).renderAll(loaded.state, provider, Date.now());
  const rendered = performance.now();
  const files = new HaproxyFiles(`${folder}/haproxy`, 'bench');
  mkdirSync(files.maps, { recursive: true });
  await files.writeMaps(image);
  const written = performance.now();
  await copy.close();
  return {
    sites: loaded.state.siteCount,
    readMs: Math.round(read - began),
    renderMs: Math.round(rendered - read),
    writeMs: Math.round(written - rendered),
    rssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

const [what, folder = '', count = '0', port = '0'] = process.argv.slice(2);
if (what === 'write') await write(folder, Number(count), Number(port));
else process.stdout.write(`${JSON.stringify(await start(folder))}\n`);
