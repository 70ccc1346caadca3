import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** @typedef {import('./oracle.mjs').Query} Query */

/**
 * The hidden files and folders below the library that attempts made and that belong to none that runs. A completed job's second
 * name of its output is none of them: it is removed when it is old.
 * @param {string} mediaRoot
 * @param {readonly string[]} mediaLinks folders that links in it may lead to
 * @param {Query} query
 * @returns {Promise<string[]>} relative to the library
 */
export async function strayFiles(mediaRoot, mediaLinks, query) {
  const { attemptOfPartial, jobOfMarker } = await import('../../libs/media/dist/index.js');
  const hidden = [];
  for await (const { folder, name } of entriesBelow(mediaRoot, await realPathsOf(mediaLinks))) {
    const attempt = attemptOfPartial(name)?.split('_').at(-1);
    const job = jobOfMarker(name);
    if (attempt !== undefined || job !== null) hidden.push({ file: join(folder, name), attempt, job });
  }
  if (hidden.length === 0) return [];
  // Asked after the look: whatever was seen then and belongs to an attempt, belongs to one of these.
  const open = await openAttempts(query);
  const completed = await completedOf(
    hidden.flatMap(({ job }) => job ?? []),
    query,
  );
  const stray = [];
  for (const { file, attempt, job } of hidden) {
    if (attempt !== undefined && open.ids.has(attempt)) continue;
    if (job !== null && open.jobs.has(job)) continue;
    const facts = await lstat(file).catch(() => null);
    const isSecondName = job !== null && completed.has(job) && (facts?.nlink ?? 0) > 1;
    if (facts && !isSecondName) stray.push(relative(mediaRoot, file));
  }
  return stray;
}

/**
 * The private folders that belong to no running attempt: `<work folder>/<process id>/<attempt>-<random>`.
 * @param {readonly string[]} workDirs
 * @param {Query} query
 * @returns {Promise<string[]>}
 */
export async function strayFolders(workDirs, query) {
  const folders = [];
  for (const root of workDirs) {
    for (const pid of (await namesIn(root)).filter((name) => /^\d+$/.test(name))) {
      for (const name of await namesIn(join(root, pid))) {
        const attempt = /^(\d+)-/.exec(name)?.[1];
        if (attempt !== undefined) folders.push({ folder: join(root, pid, name), attempt });
      }
    }
  }
  const { ids } = await openAttempts(query);
  return folders.filter(({ attempt }) => !ids.has(attempt)).map(({ folder }) => folder);
}

/** @param {Query} query @returns {Promise<{ ids: Set<string>, jobs: Set<string> }>} */
async function openAttempts(query) {
  const rows = await query("SELECT id::text, job_id FROM attempts WHERE status IN ('out', 'running')");
  return { ids: new Set(rows.map(({ id }) => id)), jobs: new Set(rows.map(({ job_id: job }) => job)) };
}

/** @param {readonly string[]} jobs @param {Query} query @returns {Promise<Set<string>>} those that are completed */
async function completedOf(jobs, query) {
  const rows = await query("SELECT id FROM jobs WHERE id::text = ANY($1) AND status = 'completed'", [jobs]);
  return new Set(rows.map(({ id }) => id));
}

/**
 * What lies below a folder, and behind its links to folders that belong to the library; each folder once, however many ways lead to it.
 * @param {string} folder
 * @param {readonly string[]} linked real paths of the folders that links may lead to
 * @param {string | null} [real] where the folder really is
 * @param {Set<string>} [seen] where the folders really are that were looked at
 * @returns {AsyncGenerator<{ folder: string, name: string }>}
 */
async function* entriesBelow(folder, linked, real = folder, seen = new Set()) {
  if (real === null || seen.has(real)) return;
  seen.add(real);
  // A folder may go, or be closed to us, while we look.
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const below = join(folder, entry.name);
    if (entry.isDirectory() || entry.isFile()) yield { folder, name: entry.name };
    if (entry.isDirectory()) yield* entriesBelow(below, linked, join(real, entry.name), seen);
    else if (entry.isSymbolicLink()) yield* entriesBelow(below, linked, await linkedFolder(below, linked), seen);
  }
}

/** @param {string} link @param {readonly string[]} linked @returns {Promise<string | null>} null where it leads to no folder of these */
async function linkedFolder(link, linked) {
  const real = linked.length === 0 ? null : await realFolder(link);
  return real !== null && linked.some((root) => `${real}${sep}`.startsWith(`${root}${sep}`)) ? real : null;
}

/** @param {string} path @returns {Promise<string | null>} null where it leads to no folder */
async function realFolder(path) {
  const real = await realpath(path).catch(() => null);
  return real !== null && (await stat(real).catch(() => null))?.isDirectory() ? real : null;
}

/** @param {readonly string[]} folders @returns {Promise<string[]>} of those that are there, with links followed */
async function realPathsOf(folders) {
  const real = await Promise.all(folders.map((folder) => realFolder(folder)));
  return real.filter((path) => path !== null);
}

/** @param {string} folder @returns {Promise<string[]>} none where there is no such folder */
const namesIn = (folder) => readdir(folder).catch(() => []);
