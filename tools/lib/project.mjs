import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { defaultDataDir, ensurePrivateDir, readJson, repoRoot } from './paths.mjs';
import { silent } from './progress.mjs';
import { run } from './run.mjs';

/** @typedef {{ progress?: import('./progress.mjs').Progress }} ProjectOptions */

/**
 * Brings node_modules in line with the lockfile and compiles what changed. Quick when there is nothing to do.
 * @param {ProjectOptions} [options]
 */
export async function ensureProject(options) {
  await ensurePackages(options);
  await ensureCompiled(options);
}

/**
 * Installs npm's packages if node_modules is not what the lockfile asks for.
 * @param {ProjectOptions} [options]
 */
export function ensurePackages({ progress = silent } = {}) {
  return withProjectLock(progress, async () => {
    const stamp = join(repoRoot, 'node_modules', '.reelay-stamp');
    const wanted = stampOf(join(repoRoot, 'package-lock.json'));
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
    if (!isInstalled()) await progress.step('Installing npm packages', installPackages);
    writeFileSync(stamp, wanted);
  });
}

/**
 * Compiles what changed since the last time.
 * @param {ProjectOptions} [options]
 */
export const ensureCompiled = ({ progress = silent } = {}) =>
  withProjectLock(progress, () => progress.step('Compiling', compile));

/**
 * @template T
 * @param {import('./progress.mjs').Progress} progress
 * @param {() => Promise<T>} work
 */
function withProjectLock(progress, work) {
  const lock = join(ensurePrivateDir(defaultDataDir), 'locks', 'project.lock');
  return withLock(lock, work, (pid) => progress.note(`Waiting for process ${pid}, which is installing or compiling`));
}

/** npm's scripts stay off: nothing that is needed here builds or downloads anything when it is installed. */
function installPackages() {
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  return run(
    /** @type {string} */ (command),
    [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: repoRoot,
      timeoutMs: 15 * 60_000,
      hint: 'check the network and that package-lock.json fits package.json (npm install), then try again',
    },
  );
}

function compile() {
  return run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-b'], {
    cwd: repoRoot,
    hint: 'mend the errors above, then try again',
  });
}

/** @param {string} lockfile */
function stampOf(lockfile) {
  const platform = `${process.platform}-${process.arch}-${process.versions.modules}`;
  return createHash('sha256').update(readFileSync(lockfile)).update(platform).digest('hex');
}

/** Whether somebody else, such as a plain `npm install`, has installed exactly what the lockfile asks for. */
function isInstalled() {
  const wanted = readJson(join(repoRoot, 'package-lock.json'))?.packages;
  const present = readJson(join(repoRoot, 'node_modules', '.package-lock.json'))?.packages;
  if (!wanted || !present) return false;
  return Object.entries(wanted)
    .filter(([path]) => path.includes('node_modules/'))
    .every(([path, { version, optional, link, resolved, peer }]) => {
      const found = present[path];
      if (!found) return Boolean(optional || peer);
      return link ? found.resolved === resolved : found.version === version;
    });
}
