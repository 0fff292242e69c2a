/** Who the browser of a picture runs as, and what of its leavings is read. The pictures themselves: captures.test.ts. */
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cidr } from '../../../contract/network.ts';
import { removeFolder, temporaryFolder } from '../../../tests/harness/ports.ts';
import { browserRisk, browserUser, takeScreenshot } from './screenshot.ts';

const isRoot = process.getuid?.() === 0;

describe('the browser of a picture', () => {
  let folder = '';
  beforeAll(() => {
    folder = temporaryFolder('browser');
    // Another user reads the programs in it.
    chmodSync(folder, 0o755);
  });
  afterAll(() => removeFolder(folder));

  /** A program that is given a browser's arguments; `act` sees the place of the picture as $p and all arguments as $all. */
  const program = (name: string, act: string) => {
    const file = path.join(folder, name);
    writeFileSync(
      file,
      `#!/bin/sh\nall="$*"\nfor a in "$@"; do case "$a" in --screenshot=*) p="\${a#--screenshot=}";; esac; done\n${act}\n`,
    );
    chmodSync(file, 0o755);
    return file;
  };
  const picture = async (chromium: string) =>
    (
      await takeScreenshot(
        {
          chromium,
          url: 'http://192.0.2.1/',
          rules: { allowed: [Cidr.parse('127.0.0.0/8')], dnsServers: [] },
          timeoutMs: 10_000,
        },
        new AbortController().signal,
      )
    )?.toString() ?? null;

  it.runIf(isRoot)('is not root where the machine has another user, and writes where it may', async () => {
    const user = await browserUser();
    expect(user?.uid).toBeGreaterThan(0);
    expect(await picture(program('whoami', 'id -u > "$p"'))).toBe(`${user?.uid}\n`);
  });

  it('keeps its own sandbox, and goes without one only where it made no picture with it', async () => {
    const seen = 'case "$all" in *--no-sandbox*) echo without > "$p";; *) echo with > "$p";; esac';
    expect(await picture(program('sandboxed', seen))).toBe('with\n');
    const refusing = program('refusing', 'case "$all" in *--no-sandbox*) echo without > "$p";; *) exit 1;; esac');
    expect(await picture(refusing)).toBe('without\n');
    expect(await picture(refusing)).toBe('without\n');
  });

  it('cannot have us read another file in the place of its picture', async () => {
    expect(await picture(program('linking', 'ln -s /etc/passwd "$p"'))).toBeNull();
    expect(await picture(program('piping', 'mkfifo "$p"'))).toBeNull();
  });

  it.runIf(isRoot)('as root on a machine without another user is a risk that is said', async () => {
    const passwd = path.join(folder, 'passwd');
    writeFileSync(passwd, 'root:x:0:0:root:/root:/bin/sh\n');
    expect(await browserUser(passwd)).toBeNull();
    expect(await browserRisk('/usr/bin/chromium', passwd)).toContain('runs as root without a sandbox');
    expect(await browserRisk(null, passwd)).toBeNull();
    expect(await browserRisk('/usr/bin/chromium')).toBeNull();
  });
});
