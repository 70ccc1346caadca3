import { readFile, readlink, realpath } from 'node:fs/promises';
import { basename, resolve, sep } from 'node:path';
import { listProcesses } from './processes.mjs';

/**
 * The ffmpeg and ffprobe processes that work below the library and that no living worker started. Linux only.
 * @param {string} mediaRoot
 * @returns {Promise<string[]>} process ids with the command line's beginning
 */
export async function strayTools(mediaRoot) {
  const roots = [...new Set([resolve(mediaRoot), await realpath(mediaRoot).catch(() => resolve(mediaRoot))])];
  const processes = listProcesses();
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const stray = [];
  for (const { pid } of processes) {
    const argv = (await read(pid, 'cmdline')) ?? [];
    if (!/^ff(mpeg|probe)/.test(basename(argv[0] ?? ''))) continue;
    // What this process runs itself are its own looks at the outputs.
    if (parents.get(pid) === process.pid || !(await worksBelow(pid, argv, roots))) continue;
    if (await hasWorker(pid, parents, roots)) continue;
    stray.push(`process ${pid}: ${argv.join(' ').slice(0, 200)}`);
  }
  return stray;
}

/** @param {number} pid @param {readonly string[]} argv @param {readonly string[]} roots */
async function worksBelow(pid, argv, roots) {
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  return roots.some((root) => `${folder}/`.startsWith(`${root}/`) || argv.some((arg) => arg.includes(`${root}${sep}`)));
}

/**
 * Whether a worker of this library is among the parents.
 * @param {number} pid
 * @param {ReadonlyMap<number, number>} parents
 * @param {readonly string[]} roots
 */
async function hasWorker(pid, parents, roots) {
  for (let above = parents.get(pid); above; above = parents.get(above)) {
    if (await isWorker(above, roots)) return true;
  }
  return false;
}

/**
 * A worker is told its library by MEDIA_ROOT. Where that cannot be read, the benefit of the doubt is given to
 * all but the first process, which inherits orphans.
 * @param {number} pid
 * @param {readonly string[]} roots
 */
async function isWorker(pid, roots) {
  const variables = await read(pid, 'environ');
  if (!variables) return pid !== 1;
  return variables.some((variable) => {
    const value = /^MEDIA_ROOT=(.+)/.exec(variable)?.[1];
    return value !== undefined && roots.includes(resolve(value));
  });
}

/**
 * The texts of a file in /proc.
 * @param {number} pid
 * @param {'cmdline' | 'environ'} file
 * @returns {Promise<string[] | null>} null when it cannot be read
 */
async function read(pid, file) {
  const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => null);
  return text === null ? null : text.split('\0').filter(Boolean);
}
