import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { unwatch, watch } from './guard.mjs';
import { descendantsOf, killAll, killTree, signal, startedAt } from './processes.mjs';
import { lastLines } from './run.mjs';
import { ToolError } from './tool-error.mjs';

/** A log that grew past this is set aside when its process starts; one older log is kept. */
const LOG_ROTATE_BYTES = 10 * 1024 * 1024;

/**
 * @typedef {object} ServiceOptions
 * @property {string} command
 * @property {readonly string[]} args
 * @property {string} log file that its outputs are appended to
 * @property {NodeJS.ProcessEnv} env its whole environment
 * @property {string} [cwd]
 * @property {number} [uid]
 * @property {number} [gid]
 * @property {NodeJS.Signals} [stopSignal] what asks it to end, default SIGTERM
 *
 * @typedef {object} Service A process of its own group that runs until it is stopped.
 * @property {number} pid
 * @property {string} started when it started, in the system's notation: tells it apart from a later process of that pid
 * @property {string} log
 * @property {Promise<string>} exited how it ended, in words; settles when all of its group is gone
 * @property {() => boolean} isRunning
 * @property {(graceMs?: number) => Promise<void>} stop asks it to end, and kills what is left after the grace (15 s)
 * @property {() => Promise<void>} kill ends it and all below it at once
 */

/**
 * Starts a process of its own group, with its output in a log. It is stopped when this process dies.
 * @param {ServiceOptions} options
 * @returns {Promise<Service>}
 */
export async function startService({ command, args, log, env, cwd, uid, gid, stopSignal = 'SIGTERM' }) {
  const output = openLog(log);
  const child = spawn(command, [...args], { cwd, env, uid, gid, detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(new ToolError(`Could not start ${command}: ${cause.message}`, { cause })));
  });
  const pid = /** @type {number} */ (child.pid);
  const started = startedAt(pid) ?? 'ended';
  watch({ pid, started, stopSignal });

  let running = true;
  const exited = new Promise((/** @type {(how: string) => void} */ resolve) => {
    child.once('exit', async (code, signalName) => {
      running = false;
      signal(-pid, 'SIGKILL');
      unwatch(pid);
      resolve(signalName ? `was ended by ${signalName}` : `ended with exit code ${code}`);
    });
  });
  return {
    pid,
    started,
    log,
    exited,
    isRunning: () => running,
    async stop(graceMs = 15_000) {
      const below = descendantsOf(pid);
      if (running) signal(pid, stopSignal);
      const overdue = setTimeout(() => void killTree({ pid, started }), graceMs);
      await exited;
      clearTimeout(overdue);
      await killAll(below);
    },
    async kill() {
      if (running) await killTree({ pid, started });
      await exited;
    },
  };
}

/**
 * The end of a log, for an error message.
 * @param {string} log
 * @param {number} [lines]
 * @returns {string}
 */
export function tailOf(log, lines = 20) {
  return existsSync(log) ? lastLines(readFileSync(log, 'utf8').slice(-32 * 1024), lines) : '(no log)';
}

/** @param {string} log */
function openLog(log) {
  mkdirSync(dirname(log), { recursive: true });
  if (existsSync(log) && statSync(log).size > LOG_ROTATE_BYTES) renameSync(log, `${log}.1`);
  return openSync(log, 'a', 0o600);
}
