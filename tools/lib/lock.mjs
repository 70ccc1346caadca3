import { linkSync, readFileSync, renameSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAlive, startedAt } from './processes.mjs';
import { sleep } from './wait.mjs';

/**
 * Does some work while no other process does work under the same lock file. A lock whose owner died is taken over.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {(ownerPid: number) => void} [onWait] called once when another process has the lock
 * @returns {Promise<T>}
 */
export async function withLock(file, work, onWait) {
  mkdirSync(dirname(file), { recursive: true });
  for (let waited = false; !tryLock(file); waited = true) {
    const owner = readOwner(file);
    if (owner && !isAlive(owner)) removeStale(file);
    else {
      if (owner && !waited) onWait?.(owner.pid);
      await sleep(200);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

let serial = 0;

/** Linking makes the lock appear with its owner already in it. @param {string} file */
function tryLock(file) {
  const own = uniqueName(file);
  writeFileSync(own, JSON.stringify({ pid: process.pid, started: startedAt(process.pid) }));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Moves a dead owner's lock away; a lock that somebody took in the same moment is put back. @param {string} file */
function removeStale(file) {
  const aside = uniqueName(file);
  try {
    renameSync(file, aside);
    const owner = readOwner(aside);
    if (owner && isAlive(owner)) linkSync(aside, file);
  } catch {
    // Another waiter was quicker; the next round sees what it did.
  }
  rmSync(aside, { force: true });
}

/** @param {string} file @returns {import('./processes.mjs').ProcessIdentity | undefined} */
function readOwner(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} file */
function uniqueName(file) {
  serial += 1;
  return `${file}.${process.pid}-${serial}`;
}
