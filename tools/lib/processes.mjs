import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { sleep } from './wait.mjs';

/** A process, told apart from a later one with the same number by the moment it started.
 * @typedef {{ pid: number, started: string }} ProcessIdentity
 */

const hasProc = process.platform === 'linux';

/**
 * When a living process started, in the system's own notation.
 * @param {number} pid
 * @returns {string | undefined} undefined when there is no such process, or only its remains
 */
export function startedAt(pid) {
  if (!hasProc) {
    const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
    const [state, ...start] = (stdout ?? '').trim().split(/\s+/);
    return state && !state.startsWith('Z') ? start.join(' ') : undefined;
  }
  const stat = readStat(pid);
  return stat && stat.state !== 'Z' && stat.state !== 'X' ? stat.started : undefined;
}

/**
 * Whether exactly this process still lives.
 * @param {ProcessIdentity} process
 * @returns {boolean}
 */
export const isAlive = ({ pid, started }) => startedAt(pid) === started;

/**
 * All processes below this one, in whatever process group or session they are.
 * @param {number} pid
 * @returns {ProcessIdentity[]}
 */
export function descendantsOf(pid) {
  const all = listProcesses();
  /** @type {ProcessIdentity[]} */
  const found = [];
  for (let parents = new Set([pid]); parents.size > 0;) {
    const children = all.filter(({ parent }) => parents.has(parent));
    found.push(...children.map(({ pid, started }) => ({ pid, started })));
    parents = new Set(children.map((child) => child.pid));
  }
  return found;
}

/**
 * Kills a process with all below it at once, and waits until they are gone.
 * @param {ProcessIdentity} root
 */
export async function killTree(root) {
  const family = [root, ...descendantsOf(root.pid)];
  await killAll(family, root.pid);
}

/**
 * Kills those of the given processes that still live, and what is left in a process group.
 * @param {readonly ProcessIdentity[]} family
 * @param {number} [group]
 */
export async function killAll(family, group) {
  for (const member of family) if (isAlive(member)) signal(member.pid, 'SIGKILL');
  if (group !== undefined) signal(-group, 'SIGKILL');
  for (let waited = 0; waited < 5_000 && family.some(isAlive); waited += 20) await sleep(20);
}

/**
 * Sends a signal; a process that is already gone is no error.
 * @param {number} pid negative: a process group
 * @param {NodeJS.Signals} name
 * @returns {boolean} whether there was something to send it to
 */
export function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/**
 * Every process there is.
 * @returns {(ProcessIdentity & { parent: number })[]}
 */
export function listProcesses() {
  if (hasProc) {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => readStat(Number(name)) ?? []);
  }
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,lstart='], { encoding: 'utf8' });
  return (stdout ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [pid, parent, ...start] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), started: start.join(' ') };
    });
}

/** @param {number} pid */
function readStat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets and may hold anything, so count from its end.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, state: fields[0], parent: Number(fields[1]), started: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
