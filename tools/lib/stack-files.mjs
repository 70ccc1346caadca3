import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { shellQuote } from './ffmpeg.mjs';
import { ensurePrivateDir, readJson, writeFileAtomic } from './paths.mjs';
import { removeOpenData } from './postgres-home.mjs';
import { isAlive, killTree, startedAt } from './processes.mjs';
import { ToolError } from './tool-error.mjs';

/**
 * A process of a stack, as `processes.json` lists it. `started` tells it apart from a later process of that pid.
 * @typedef {{ name: string, role: string, replica: number, pid: number, log: string, started: string }} ProcessEntry
 */

/**
 * The files of a stack.
 * @param {string} dataDir
 */
export const stackFiles = (dataDir) => ({
  env: join(dataDir, 'env'),
  owner: join(dataDir, 'owner.json'),
  processes: join(dataDir, 'processes.json'),
  supervisor: join(dataDir, 'supervisor.json'),
  adminToken: join(dataDir, 'admin-token'),
  logs: join(dataDir, 'logs'),
  media: join(dataDir, 'media'),
  work: join(dataDir, 'work'),
  postgres: join(dataDir, 'postgres'),
  rabbitmq: join(dataDir, 'rabbitmq'),
});

/**
 * Writes `processes.json`.
 * @param {string} dataDir
 * @param {readonly ProcessEntry[]} processes
 */
export const writeProcesses = (dataDir, processes) =>
  writeFileAtomic(stackFiles(dataDir).processes, `${JSON.stringify(processes, null, 2)}\n`, 0o644);

/**
 * The processes that the stack of this folder started, as last written.
 * @param {string} dataDir
 * @returns {ProcessEntry[]}
 */
export const readProcesses = (dataDir) => readJson(stackFiles(dataDir).processes) ?? [];

/**
 * Writes variables so that both a shell and dotenv read them.
 * @param {string} file
 * @param {Record<string, string>} env
 */
export const writeEnvFile = (file, env) =>
  writeFileAtomic(
    file,
    Object.entries(env)
      .map(([name, value]) => `${name}=${shellQuote(value)}\n`)
      .join(''),
  );

/**
 * The variables that `writeEnvFile` wrote.
 * @param {string} file
 * @returns {Record<string, string>}
 */
export const readEnvFile = (file) => /** @type {Record<string, string>} */ (parseEnv(readFileSync(file, 'utf8')));

/**
 * Notes that this process runs the stack of this folder.
 * @param {string} dataDir
 * @throws {ToolError} when a stack of this folder is running
 */
export function takeDataDir(dataDir) {
  const { owner: file } = stackFiles(dataDir);
  const owner = readJson(file);
  if (owner && isAlive(owner)) {
    throw new ToolError(`A stack is already running in ${dataDir} (process ${owner.pid}).`, {
      hint: 'stop it first (npm run down), or give another dataDir',
    });
  }
  writeFileAtomic(file, JSON.stringify({ pid: process.pid, started: startedAt(process.pid) }));
}

/**
 * Kills what an earlier stack of this folder left behind, as when the machine or the supervisor was killed. A process
 * is ours only if it has both the pid and the starting time that were noted.
 * @param {string} dataDir
 * @returns {Promise<number>} how many there were
 */
export async function killLeftovers(dataDir) {
  const left = readProcesses(dataDir).filter(isAlive);
  await Promise.all(left.map(killTree));
  rmSync(stackFiles(dataDir).processes, { force: true });
  return left.length;
}

/**
 * Whether a URL points to the server that a stack's own folder belongs to, and not to a server of the user's.
 * @param {string} url
 * @param {string} dir the server's folder
 */
export function isOwnServer(url, dir) {
  const { hostname, port } = URL.canParse(url) ? new URL(url) : { hostname: '', port: '' };
  return hostname === '127.0.0.1' && Object.values(readJson(join(dir, 'ports.json')) ?? {}).includes(Number(port));
}

/**
 * Removes all that a stopped stack kept: its folder, and database files that had to lie elsewhere.
 * @param {string} dataDir
 */
export function removeStackData(dataDir) {
  removeOpenData(stackFiles(dataDir).postgres);
  rmSync(dataDir, { recursive: true, force: true });
}

/**
 * Removes all that earlier stacks of a folder kept, so that the next one begins with nothing.
 * @param {string} dataDir
 * @throws {ToolError} when a stack of this folder is running
 */
export async function emptyDataDir(dataDir) {
  ensurePrivateDir(dataDir);
  takeDataDir(dataDir);
  await killLeftovers(dataDir);
  removeStackData(dataDir);
}

/**
 * The admin token of a stack that was started before.
 * @param {string} dataDir
 * @returns {string | undefined}
 */
export function readAdminToken(dataDir) {
  const file = stackFiles(dataDir).adminToken;
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}
