import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { defaultDataDir, ensurePrivateDir, readJson, which } from './paths.mjs';
import { silent } from './progress.mjs';
import { run } from './run.mjs';
import { messageOf, ToolError } from './tool-error.mjs';
import { sleep } from './wait.mjs';

/** Pauses before another try when a download fails. */
const RETRY_AFTER_MS = [2_000, 6_000];

/** Package lists that this checkout fetched are good for this long. */
const LISTS_MAX_AGE_MS = 60 * 60_000;

/** An unpacked C library would not fit the system's loader, and every Debian has one. */
const NEVER_UNPACKED = new Set(['libc6', 'libc-bin']);

/**
 * Debian packages, unpacked into a private folder without being installed.
 * @typedef {object} DebianSet
 * @property {string} root folder with usr/ below it
 * @property {string} libraryPath LD_LIBRARY_PATH for its programs
 */

/**
 * Whether Debian packages can be downloaded and unpacked here.
 * @returns {boolean}
 */
export const hasDebian = () => Boolean(which('apt-get') && which('dpkg') && existsSync('/var/lib/dpkg/status'));

/**
 * Downloads packages, with all that they need and this machine lacks, and unpacks them below `.reelay/debian/<name>`.
 * Any user may; nothing is installed or started. Done once; an interrupted attempt is taken up again.
 * @param {string} name
 * @param {readonly string[]} packages
 * @param {{ withDependencies?: boolean, progress?: import('./progress.mjs').Progress }} [options]
 * @returns {Promise<DebianSet>}
 * @throws {ToolError} when the packages cannot be had
 */
export async function unpackDebian(name, packages, { withDependencies = true, progress = silent } = {}) {
  const dir = join(defaultDataDir, 'debian', name);
  // A checkout that was moved is unpacked again, as the paths in it are absolute.
  const done = () => [readJson(join(dir, 'set.json'))].find((set) => set?.root === join(dir, 'root'));
  if (!done()) {
    if (!hasDebian()) throw new ToolError(`apt-get cannot be used here to download ${packages.join(', ')}.`);
    ensurePrivateDir(defaultDataDir);
    await withLock(join(defaultDataDir, 'locks', 'debian.lock'), async () => {
      if (done()) return;
      await progress.step(`Downloading ${packages.join(', ')} from Debian`, () =>
        withRetries(() => downloadAndUnpack(dir, packages, withDependencies)),
      );
    });
  }
  const { root, libraryPath } = done();
  return { root, libraryPath };
}

/**
 * @param {string} dir
 * @param {readonly string[]} packages
 * @param {boolean} withDependencies
 */
async function downloadAndUnpack(dir, packages, withDependencies) {
  const debs = join(dir, 'debs');
  const unfinished = join(dir, 'root.unfinished');
  const root = join(dir, 'root');
  for (const old of [unfinished, root]) rmSync(old, { recursive: true, force: true });
  mkdirSync(debs, { recursive: true });
  const apt = await updatedApt();
  const names = withDependencies ? await listMissing(apt, packages) : packages;
  await run('apt-get', [...apt, '-qq', 'download', ...names], { cwd: debs });
  for (const deb of readdirSync(debs).filter((file) => file.endsWith('.deb'))) {
    await run('dpkg', ['-x', join(debs, deb), unfinished], { hint: `remove ${debs} and try again` });
  }
  fixErlang(unfinished, root);
  const libraryPath = libraryFolders(unfinished)
    .map((folder) => join(root, folder))
    .join(':');
  renameSync(unfinished, root);
  writeFileSync(join(dir, 'set.json'), `${JSON.stringify({ packages: names, root, libraryPath })}\n`);
  rmSync(debs, { recursive: true, force: true });
}

/** apt-get's options for state of its own, with package lists that are not old. */
async function updatedApt() {
  const dir = join(defaultDataDir, 'debian', '.apt');
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(dir, part), { recursive: true });
  const settings = {
    'Dir::State': dir,
    'Dir::State::lists': join(dir, 'lists'),
    'Dir::State::status': '/var/lib/dpkg/status',
    'Dir::Cache': join(dir, 'cache'),
    'APT::Sandbox::User': '',
    'Debug::NoLocking': '1',
    'Acquire::Retries': '3',
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const stamp = join(dir, 'updated');
  if (Date.now() - Number(readJson(stamp) ?? 0) > LISTS_MAX_AGE_MS) {
    await run('apt-get', [...options, '-qq', 'update']);
    writeFileSync(stamp, String(Date.now()));
  }
  return options;
}

/** The packages, and what they need, that are not installed. @param {string[]} apt @param {readonly string[]} packages */
async function listMissing(apt, packages) {
  const plan = await run('apt-get', [...apt, '-qq', '--no-install-recommends', '-s', 'install', ...packages]);
  const names = [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
  return [...new Set([...packages, ...names])].filter((name) => !NEVER_UNPACKED.has(name));
}

/** Erlang's start scripts name their own folder. @param {string} unfinished @param {string} root */
function fixErlang(unfinished, root) {
  const erlang = join(unfinished, 'usr', 'lib', 'erlang');
  if (!existsSync(erlang)) return;
  const runtimes = readdirSync(erlang).filter((name) => name.startsWith('erts-'));
  for (const bin of ['bin', ...runtimes.map((runtime) => join(runtime, 'bin'))]) {
    for (const script of ['erl', 'start'].map((name) => join(erlang, bin, name)).filter(existsSync)) {
      const fixed = readFileSync(script, 'utf8').replaceAll(
        'ROOTDIR=/usr/lib/erlang',
        `ROOTDIR='${join(root, 'usr', 'lib', 'erlang').replaceAll("'", `'\\''`)}'`,
      );
      writeFileSync(script, fixed);
    }
  }
}

/** Folders that hold shared libraries, relative to the root. @param {string} root */
function libraryFolders(root) {
  const found = ['lib', 'usr/lib']
    .filter((dir) => existsSync(join(root, dir)))
    .flatMap((dir) =>
      readdirSync(join(root, dir), { recursive: true, withFileTypes: true })
        .filter((entry) => /\.so(\.|$)/.test(entry.name) && !entry.isDirectory())
        .map((entry) => entry.parentPath.slice(root.length + 1)),
    );
  return [...new Set(found)].sort();
}

/** @param {() => Promise<void>} work */
async function withRetries(work) {
  for (const pause of [...RETRY_AFTER_MS, undefined]) {
    try {
      return await work();
    } catch (error) {
      if (pause === undefined) {
        throw new ToolError(`Debian's packages could not be had: ${messageOf(error)}`, { cause: error });
      }
      await sleep(pause);
    }
  }
}
