import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Sees to it that services never outlive the process that started them, even when that one is killed with SIGKILL.
 * @typedef {import('./processes.mjs').ProcessIdentity & { stopSignal: NodeJS.Signals }} Watched
 */

/** @type {Map<number, Watched>} */
const watched = new Map();

/** @type {import('node:child_process').ChildProcess | undefined} */
let guard;

/**
 * Puts a process, and whatever is below it, under the guard of this one.
 * @param {Watched} service
 */
export function watch(service) {
  watched.set(service.pid, service);
  if (guard) tell({ add: service });
  else startGuard();
}

/**
 * Ends the guard over a process that has ended.
 * @param {number} pid
 */
export function unwatch(pid) {
  watched.delete(pid);
  tell({ remove: pid });
}

function startGuard() {
  const child = spawn(process.execPath, [fileURLToPath(new URL('guard-main.mjs', import.meta.url))], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env.PATH },
  });
  child.stdin.on('error', () => {});
  child.once('exit', () => {
    guard = undefined;
    if (watched.size > 0) startGuard();
  });
  // Neither the guard nor its pipe keeps this process from ending.
  child.unref();
  /** @type {import('node:net').Socket} */ (child.stdin).unref();
  guard = child;
  for (const service of watched.values()) tell({ add: service });
}

/** @param {object} message */
function tell(message) {
  guard?.stdin?.write(`${JSON.stringify(message)}\n`);
}
