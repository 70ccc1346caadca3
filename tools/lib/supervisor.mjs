import { fork } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePrivateDir, readJson } from './paths.mjs';
import { isAlive, killTree, signal } from './processes.mjs';
import { silent } from './progress.mjs';
import { killLeftovers, readAdminToken, stackFiles } from './stack-files.mjs';
import { checkReady } from './stack-ready.mjs';
import { ToolError } from './tool-error.mjs';
import { waitFor } from './wait.mjs';

/** Longer than workers may take to end their work, the broker and the database after them. */
const STOP_TIMEOUT_MS = 110_000;

/**
 * What is known of a stack that runs in the background.
 * @typedef {{ pid: number, started?: string, apiUrl: string, apiUrls: string[], workers: number, managementUrl?: string }} UpFacts
 */

/**
 * The supervisor of this folder's stack, if one lives.
 * @param {string} dataDir
 * @returns {(import('./processes.mjs').ProcessIdentity & Partial<UpFacts>) | undefined}
 */
export function findSupervisor(dataDir) {
  const found = readJson(stackFiles(dataDir).supervisor);
  return found && isAlive(found) ? found : undefined;
}

/**
 * Starts a supervisor in the background, and returns when its stack is ready.
 * @param {import('./supervisor-main.mjs').SupervisorOptions} options
 * @param {{ progress?: import('./progress.mjs').Progress, signal?: AbortSignal }} [more] aborting stops the stack again
 * @returns {Promise<UpFacts>}
 * @throws {ToolError} when the stack could not be started; nothing runs then
 */
export async function startSupervisor(options, { progress = silent, signal: aborted } = {}) {
  const log = openSync(join(ensurePrivateDir(stackFiles(options.dataDir).logs), 'supervisor.log'), 'a', 0o600);
  const child = fork(fileURLToPath(new URL('supervisor-main.mjs', import.meta.url)), [], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  child.send(options);
  aborted?.addEventListener('abort', () => child.kill('SIGTERM'));
  /** @type {UpFacts} */
  const facts = await new Promise((resolve, reject) => {
    /** @type {string | undefined} */
    let problem;
    child.on('message', (/** @type {import('./supervisor-main.mjs').SupervisorMessage} */ message) => {
      if ('note' in message) progress.note(message.note);
      else if ('failed' in message) problem = message.failed;
      else resolve(message.up);
    });
    child.once('exit', () =>
      reject(new ToolError(problem ?? 'The supervisor ended; see .reelay/logs/supervisor.log.')),
    );
  });
  child.unref();
  return facts;
}

/**
 * Stops this folder's stack, or what is left of one.
 * @param {string} dataDir
 * @returns {Promise<'stopped' | 'cleaned' | 'not running'>} `cleaned`: its supervisor was dead, its processes not all
 */
export async function stopStack(dataDir) {
  const supervisor = findSupervisor(dataDir);
  if (!supervisor) {
    rmSync(stackFiles(dataDir).supervisor, { force: true });
    return (await killLeftovers(dataDir)) > 0 ? 'cleaned' : 'not running';
  }
  signal(supervisor.pid, 'SIGTERM');
  if (!(await waitFor(() => !isAlive(supervisor), { timeoutMs: STOP_TIMEOUT_MS, intervalMs: 100 }))) {
    await killTree(supervisor);
  }
  await killLeftovers(dataDir);
  return 'stopped';
}

/**
 * Whether a stack that runs in the background is in working order.
 * @param {string} dataDir
 * @param {Partial<UpFacts>} facts
 * @returns {Promise<{ ready: boolean, waitingFor?: string }>}
 */
export async function checkHealth(dataDir, { apiUrls, workers = 0 }) {
  if (!apiUrls) return { ready: false, waitingFor: 'the end of its start' };
  return checkReady({ apiUrls, token: readAdminToken(dataDir) ?? '', workers });
}
