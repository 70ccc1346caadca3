import { randomInt } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { readJson, writeFileAtomic } from './paths.mjs';
import { isAlive, startedAt } from './processes.mjs';
import { ToolError } from './tool-error.mjs';

/** Free ports are drawn from below the range that Linux gives to outgoing connections (32768 and up): a client that
 * redials a stopped server from such a port could otherwise take the server's port away. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/**
 * Whether a server could listen on this port of 127.0.0.1 now.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function isPortFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Whether something on 127.0.0.1 accepts connections on this port.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function isPortOpen(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 });
    const finish = (/** @type {boolean} */ open) => {
      socket.destroy();
      resolve(open);
    };
    socket
      .once('connect', () => finish(true))
      .once('error', () => finish(false))
      .once('timeout', () => finish(false));
  });
}

/**
 * Finds ports of 127.0.0.1 that nothing listens on, and keeps other stacks on this machine from drawing them too.
 * @param {number} count
 * @param {string} [owner] who they are for; an owner may have its own ports again
 * @returns {Promise<number[]>}
 */
export async function findFreePorts(count, owner = `process ${process.pid}`) {
  /** @type {number[]} */
  const found = [];
  for (let tries = 0; found.length < count; tries += 1) {
    if (tries > 1_000) throw new ToolError(`Found no ${count} free TCP ports.`, { hint: 'stop some servers' });
    const port = randomInt(LOWEST, HIGHEST);
    if (!found.includes(port) && (await isPortFree(port)) && claim(port, owner)) found.push(port);
  }
  return found;
}

/**
 * The ports of a server's folder, kept in its `ports.json`: those of last time where they are free, else others.
 * @template {string} Name
 * @param {string} dir
 * @param {readonly Name[]} names
 * @param {Partial<Record<Name, number>>} [required] ports to use and no others
 * @returns {Promise<Record<Name, number>>}
 * @throws {ToolError} when a required port is taken
 */
export async function keepPorts(dir, names, required = {}) {
  const file = join(dir, 'ports.json');
  const saved = readJson(file) ?? {};
  const ports = /** @type {Record<Name, number>} */ ({});
  for (const name of names) {
    const wanted = required[name];
    if (wanted !== undefined && !(await isPortFree(wanted))) {
      throw new ToolError(`Port ${wanted} of 127.0.0.1 is taken; ${dir} needs it (${name}).`, {
        hint: 'stop what listens there',
      });
    }
    const port = wanted ?? saved[name];
    const isUsable = Number.isInteger(port) && (await isPortFree(port)) && (claim(port, dir) || port === wanted);
    ports[name] = isUsable ? port : (await findFreePorts(1, dir))[0];
  }
  writeFileAtomic(file, `${JSON.stringify(ports)}\n`);
  return ports;
}

/**
 * Notes that a port is somebody's for as long as this process lives: between drawing a port and listening on it,
 * seconds pass in which others draw.
 * @param {number} port
 * @param {string} owner
 * @returns {boolean} false when it is another's
 */
function claim(port, owner) {
  const file = join(tmpdir(), `reelay-ports-${userInfo().uid}`, String(port));
  const content = JSON.stringify({ pid: process.pid, started: startedAt(process.pid), owner });
  const other = readJson(file);
  if (other && other.owner !== owner && isAlive(other)) return false;
  if (other) rmSync(file, { force: true });
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    // Where nothing can be noted, a port that is free has to do.
    return !(error instanceof Error && 'code' in error && error.code === 'EEXIST');
  }
}
