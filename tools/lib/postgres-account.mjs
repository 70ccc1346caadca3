import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isRoot } from './paths.mjs';
import { ToolError } from './tool-error.mjs';

/** @typedef {{ uid: number, gid: number }} Account */

/**
 * The account that PostgreSQL runs as when this process is root, which PostgreSQL refuses: the owner of the data it
 * already has, else `postgres` or `nobody`.
 * @param {string} dataDir
 * @returns {Account | undefined} undefined when this process is an ordinary user's
 */
export function postgresAccount(dataDir) {
  if (!isRoot) return undefined;
  if (existsSync(dataDir)) {
    const { uid, gid } = statSync(dataDir);
    if (uid !== 0) return { uid, gid };
  }
  const accounts = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8').split('\n') : [];
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new ToolError('PostgreSQL does not run as root, and there is no account `postgres` or `nobody` to run it as.', {
    hint: 'run this as an ordinary user, or set DATABASE_URL to a server of yours',
  });
}

/**
 * Whether an account may pass through every folder above and including this one, as far as these exist.
 * @param {string} dir absolute
 * @param {Account} account
 * @returns {boolean}
 */
export function canReach(dir, { uid, gid }) {
  if (existsSync(dir)) {
    const stat = statSync(dir);
    const bit = stat.uid === uid ? 0o100 : stat.gid === gid ? 0o010 : 0o001;
    if ((stat.mode & bit) === 0) return false;
  }
  return dir === dirname(dir) || canReach(dirname(dir), { uid, gid });
}
