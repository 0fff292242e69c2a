/**
 * Setup: makes a fresh checkout runnable, then runs the command that was asked for. What `npm start`, `npm test` and their like call.
 *
 * Plain JavaScript on purpose: on the first run there is no node_modules, and the system's Node may be 20, which cannot read
 * TypeScript. It installs what is missing and nothing else (npm packages by the lock file, Debian packages by apt), builds the console when
 * its sources changed, and hands over to Node 24 from node_modules. Once everything is there it makes no network call.
 * Not here: what the commands do (portcullis.ts, tools/test.ts, bench/main.ts).
 * What can go wrong: no network, no root for apt, a Node that is too old; each ends with one sentence that says what to do.
 * It never asks anything. Debian services that come with packages (haproxy, postgresql, nginx) are not started.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const lintFolder = join(root, 'tools', 'lint');
const consoleStamp = join(root, '.cache', 'console.stamp');
const leastNode = 20;

/** Debian packages by what they bring: the first path that exists means that it is there. */
const programs = {
  haproxy: { package: 'haproxy', paths: onPath('haproxy') },
  openssl: { package: 'openssl', paths: onPath('openssl') },
  postgresql: { package: 'postgresql', paths: postgresqlPaths },
  chromium: { package: 'chromium', paths: () => ['/usr/bin/chromium', ...onPath('chromium')()] },
  fossil: { package: 'fossil', paths: onPath('fossil') },
  lynx: { package: 'lynx', paths: onPath('lynx') },
  w3m: { package: 'w3m', paths: onPath('w3m') },
  nginx: { package: 'nginx-light', paths: onPath('nginx') },
  pebble: { package: 'pebble', paths: onPath('pebble') },
  wrk: { package: 'wrk', paths: onPath('wrk') },
  slowhttptest: { package: 'slowhttptest', paths: onPath('slowhttptest') },
  h2load: { package: 'nghttp2-client', paths: onPath('h2load') },
  testssl: { package: 'testssl.sh', paths: onPath('testssl') },
};

/** What tests/attacks runs on and attacks with. @type {(keyof typeof programs)[]} */
const attackers = ['haproxy', 'openssl', 'nginx', 'slowhttptest', 'h2load', 'testssl'];

/**
 * What each target needs and which program it hands over to. `console`: whether the built console must be fresh.
 * `lint`: whether the linter, which has a lock file of its own, must be there.
 * @type {Record<string, { programs: (keyof typeof programs)[], console: boolean, lint?: boolean, run: string[] }>}
 */
const targets = {
  start: { programs: ['haproxy', 'openssl'], console: true, run: ['portcullis.ts', 'up'] },
  test: {
    programs: [...attackers, 'postgresql', 'chromium', 'fossil', 'pebble', 'lynx', 'w3m'],
    console: true,
    lint: true,
    run: ['tools/test.ts'],
  },
  check: { programs: [], console: false, lint: true, run: ['tools/test.ts', '--check'] },
  unit: { programs: [], console: false, run: ['node_modules/vitest/vitest.mjs', 'run'] },
  attacks: { programs: attackers, console: false, run: ['tools/attacks.ts'] },
  bench: { programs: ['haproxy', 'openssl', 'nginx', 'wrk'], console: false, run: ['bench/main.ts'] },
  format: { programs: [], console: false, run: ['node_modules/prettier/bin/prettier.cjs', '--write', '.'] },
  /** Only set up; for container images and the impatient. */
  install: { programs: ['haproxy', 'openssl'], console: true, run: [] },
};

class Stop extends Error {}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}

/** @param {string[]} args the target's name, then what its program gets */
async function main(args) {
  const [name = '', ...rest] = args;
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (target === undefined) throw new Stop(`Usage: node tools/setup.mjs ${Object.keys(targets).join('|')} [arguments]`);
  checkNode();
  installPrograms(target.programs);
  installModules(root, 'npm packages (about 400 MB on disk, once)');
  if (target.lint === true) installModules(lintFolder, 'the linter');
  const node = findNode();
  if (target.console) buildConsole(node);
  return target.run.length === 0 ? 0 : await handOver(node, [...target.run, ...rest]);
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= leastNode) return;
  throw new Stop(
    `This Node is ${process.versions.node}; Portcullis is started with Node ${leastNode} or newer (it then brings its own Node 24). Install one from https://nodejs.org or your distribution, and run this again.`,
  );
}

/** @param {(keyof typeof programs)[]} names */
function installPrograms(names) {
  const missing = names.filter((name) => !programs[name].paths().some((path) => existsSync(path)));
  if (missing.length === 0) return;
  const packages = missing.map((name) => programs[name].package);
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Stop(`Missing here: ${missing.join(', ')}. Install them with your system's package manager, and run this again.`);
  }
  if (process.getuid?.() !== 0) {
    throw new Stop(
      `Missing here: ${missing.join(', ')}. Installing them needs root. Run this once, then start again:\n  sudo ${command}`,
    );
  }
  say(`Installing from Debian: ${packages.join(', ')} …`);
  withoutStartingServices(() => {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
    // Package lists are fetched only when the packages cannot be found with the present ones: a fresh image has none at all.
    if (quietly('apt-get', install, environment).ok) return;
    say('  fetching Debian’s package lists …');
    const update = quietly('apt-get', ['update', '-q'], environment);
    const second = quietly('apt-get', install, environment);
    if (second.ok) return;
    throw new Stop(
      `Installing ${packages.join(', ')} from Debian did not work:\n${tail(update.ok ? second.output : update.output)}\nCheck the network and /etc/apt, then run this again; or install them yourself:\n  ${command}`,
    );
  });
  const still = missing.filter((name) => !programs[name].paths().some((path) => existsSync(path)));
  if (still.length > 0)
    throw new Stop(`apt-get said that it installed ${packages.join(', ')}, but ${still.join(', ')} is not there.`);
}

/**
 * Debian starts a service as soon as its package is installed, unless /usr/sbin/policy-rc.d answers 101. Ours is there only
 * meanwhile; one that an earlier, killed setup left behind is known by its mark and taken away too.
 * @param {() => void} install
 */
function withoutStartingServices(install) {
  const file = '/usr/sbin/policy-rc.d';
  const mark = '# portcullis setup: no service is started while its package is installed; this file may be deleted';
  if (existsSync(file) && !readFileSync(file, 'utf8').includes(mark)) return install();
  writeFileSync(file, `#!/bin/sh\n${mark}\nexit 101\n`, { mode: 0o755 });
  try {
    install();
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * `npm ci` when the lock file is not the one that was installed. npm ci deletes node_modules first and the stamp with it, so a
 * killed installation is begun again.
 * @param {string} folder
 * @param {string} what
 */
function installModules(folder, what) {
  const stamp = join(folder, 'node_modules', '.portcullis-setup');
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .update(process.arch)
    .digest('hex');
  if (readIfThere(stamp) === wanted) return;
  say(`Installing ${what} …`);
  const answer = quietly('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], process.env, folder);
  if (!answer.ok)
    throw new Stop(`npm ci did not work:\n${tail(answer.output)}\nCheck the network and the disk, then run this again.`);
  writeFileSync(stamp, wanted);
}

/** Node 24 from node_modules; where no such package exists (another system), the one that runs this, if it is new enough. */
function findNode() {
  const own = join(modules, '.bin', 'node');
  if (existsSync(own)) return own;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new Stop(
    `There is no Node 24 package for ${process.platform}-${process.arch}. Install Node 24 or newer yourself, and run this again with it.`,
  );
}

/** @param {string} node */
function buildConsole(node) {
  const config = join(root, 'web', 'console', 'vite.config.ts');
  if (!existsSync(config)) return;
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const file of [...filesBelow(join(root, 'web')), ...filesBelow(join(root, 'contract'))]) {
    hash.update(`\n${relative(root, file)}\n`).update(readFileSync(file));
  }
  const wanted = hash.digest('hex');
  if (readIfThere(consoleStamp) === wanted && existsSync(join(root, 'web', 'console', 'dist', 'index.html'))) return;
  say('Building the console …');
  const answer = quietly(node, ['node_modules/vite/bin/vite.js', 'build', '--config', config, '--logLevel', 'warn'], process.env);
  if (!answer.ok) throw new Stop(`Building the console did not work:\n${tail(answer.output)}`);
  mkdirSync(dirname(consoleStamp), { recursive: true });
  writeFileSync(consoleStamp, wanted);
}

/**
 * Runs the program until it ends. Ctrl-C reaches it from the terminal by itself; SIGTERM and SIGHUP are handed on. If this
 * process is killed outright, the closed IPC channel tells `portcullis up` to stop.
 * @param {string} node
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
function handOver(node, args) {
  // Debian's haproxy and nginx are in /usr/sbin, which is not on the PATH of everybody.
  const path = [join(modules, '.bin'), process.env['PATH'] ?? '', '/usr/local/sbin', '/usr/sbin'].join(':');
  const child = spawn(node, args, {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: path },
  });
  process.on('SIGINT', () => {});
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));
  stopWithNpm(() => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (child.connected) child.disconnect();
      resolve(signal === null ? (code ?? 1) : 128);
    });
  });
}

/**
 * npm does not hand SIGTERM on: it dies and leaves what it ran (seen with npm 10 and 11). Whoever ended npm meant all of it, so when
 * npm ran us and is gone, we stop too.
 * @param {() => void} stop
 */
function stopWithNpm(stop) {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const npm = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(watch);
    stop();
  }, 200);
  watch.unref();
}

/**
 * Runs a program to its end without showing its output. Ctrl-C ends that program, not us, so that whoever called can clean up.
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function quietly(program, args, env, cwd = root) {
  const stay = () => {};
  process.on('SIGINT', stay);
  try {
    const done = spawnSync(program, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 << 20 });
    if (done.signal === 'SIGINT' || done.status === 130)
      throw new Stop('Interrupted. Nothing is half-installed: run this again to go on.');
    return { ok: done.status === 0, output: `${done.stdout ?? ''}${done.stderr ?? ''}${done.error ? String(done.error) : ''}` };
  } finally {
    process.off('SIGINT', stay);
  }
}

/** @param {string} name */
function onPath(name) {
  return () =>
    [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin', '/usr/local/bin'].map((folder) => join(folder, name));
}

/** Debian keeps PostgreSQL's programs by version; 15 is the least that the store works with. */
function postgresqlPaths() {
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return [];
  return readdirSync(base)
    .filter((version) => Number(version) >= 15)
    .map((version) => join(base, version, 'bin', 'initdb'));
}

/** @param {string} folder @returns {string[]} source files, sorted, without what is built */
function filesBelow(folder) {
  return readdirSync(folder)
    .sort()
    .filter((name) => name !== 'dist' && name !== 'node_modules')
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? filesBelow(path) : [path];
    });
}

/** @param {string} file */
function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** @param {string} output */
function tail(output) {
  return output.trim().split('\n').slice(-30).join('\n');
}

/** @param {string} line */
function say(line) {
  console.error(line);
}
