/**
 * The files that HAProxy reads: skeletons (configuration and pages) by their hash, the map files, and which skeleton is in use.
 *
 * A skeleton is written once under `skeleton-VERSION-HASH/` and never changed; `current` is a symbolic link to the one in use, `good` to the
 * last one that HAProxy served with. Going back is moving a link. Map files are written before each start and reload, for a worker that
 * starts knows only them; between reloads they grow old, and nothing reads them: the policy on disk (stream/disk-copy.ts) is what an
 * edge boots from. Map files hold clearance keys: mode 600 in a folder of mode 700.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { removeLeftovers, writeDurable } from '../../kit/durable.ts';
import { mapFile, mapText } from '../render/index.ts';
import type { PageFiles } from '../render/index.ts';
import type { MapImage } from './map-image.ts';

/** Configuration text and page files, named by their hash. */
export type Skeleton = { readonly name: string; readonly config: string; readonly pages: PageFiles };

export class HaproxyFiles {
  readonly folder: string;
  readonly #version: string;

  /** `version` is the program's: a skeleton reads map values by position, so one of another version is no way back. */
  constructor(folder: string, version: string) {
    this.folder = folder;
    this.#version = version.replaceAll(/[^A-Za-z0-9.]/g, '');
  }

  get maps(): string {
    return join(this.folder, 'maps');
  }

  /** The name under which HAProxy is told of its configuration, whichever skeleton is in use. */
  get config(): string {
    return join(this.folder, 'current', 'haproxy.cfg');
  }

  /**
   * A skeleton from its parts. The configuration names its own pages folder, which is named by the hash of the configuration: so it
   * is rendered once with an empty name to get the hash.
   */
  skeleton(render: (pagesFolder: string) => string, pages: PageFiles): Skeleton {
    const sum = createHash('sha256').update(render(join(this.folder, 'pages')));
    for (const name of Object.keys(pages).sort()) sum.update(`\0${name}\0`).update(pages[name] ?? '');
    const name = `skeleton-${this.#version}-${sum.digest('hex').slice(0, 16)}`;
    return { name, config: render(join(this.folder, name, 'pages')), pages };
  }

  /** Whether a stored skeleton was written by this version of the program. */
  isOurs(name: string): boolean {
    return name.startsWith(`skeleton-${this.#version}-`);
  }

  async prepare(): Promise<void> {
    await mkdir(this.maps, { recursive: true, mode: 0o700 });
    await removeLeftovers(this.maps);
    await removeLeftovers(this.folder);
  }

  /** Writes a skeleton unless it is there, and returns its configuration file. */
  async store({ name, config, pages }: Skeleton): Promise<string> {
    const folder = join(this.folder, name);
    const file = join(folder, 'haproxy.cfg');
    await mkdir(join(folder, 'pages'), { recursive: true, mode: 0o700 });
    for (const [page, content] of Object.entries(pages)) await writeDurable(join(folder, 'pages', basename(page)), content);
    await writeDurable(file, config);
    return file;
  }

  /** The skeleton that a link names, or `null`. */
  async linked(link: 'current' | 'good'): Promise<string | null> {
    try {
      return basename(await readlink(join(this.folder, link)));
    } catch {
      return null;
    }
  }

  /** Points a link to a stored skeleton, in one step. */
  async link(link: 'current' | 'good', name: string): Promise<void> {
    const temporary = join(this.folder, `${link}.next`);
    await rm(temporary, { force: true });
    await symlink(name, temporary);
    await rename(temporary, join(this.folder, link));
  }

  /** Removes skeletons that no link names. */
  async sweep(): Promise<void> {
    const kept = new Set([await this.linked('current'), await this.linked('good')]);
    for (const name of await readdir(this.folder)) {
      if (name.startsWith('skeleton-') && !kept.has(name)) await rm(join(this.folder, name), { recursive: true, force: true });
    }
  }

  /** Writes every map file from what the maps are meant to hold; each is replaced in one step. */
  async writeMaps(image: MapImage): Promise<void> {
    for (const map of image.mapNames) {
      const path = mapFile({ maps: this.maps }, map);
      await writeFile(`${path}.next`, mapText(image.entries(map)), { mode: 0o600 });
      await rename(`${path}.next`, path);
    }
  }
}
