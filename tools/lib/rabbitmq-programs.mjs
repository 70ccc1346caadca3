import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasDebian, unpackDebian } from './debian.mjs';
import { which } from './paths.mjs';
import { silent } from './progress.mjs';
import { tryRun } from './run.mjs';
import { messageOf, ToolError } from './tool-error.mjs';

/**
 * Where RabbitMQ comes from: programs to start, or else a container image.
 * @typedef {{ kind: 'programs', server: string, epmd: string, erl: string, env: Record<string, string>, version: string }} RabbitmqPrograms
 * @typedef {{ kind: 'docker', docker: string, image: string, version: string }} RabbitmqImage
 */

/** Debian's package puts a script on PATH that switches to a user of its own; this is the one that it calls. */
const DEBIAN_SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const IMAGE = 'rabbitmq:4-management';

/**
 * Finds RabbitMQ: installed, or unpacked from Debian's package, or Docker.
 * @param {{ progress?: import('./progress.mjs').Progress }} [options]
 * @returns {Promise<RabbitmqPrograms | RabbitmqImage>}
 * @throws {ToolError} when there is none, saying what to install
 */
export async function resolveRabbitmq({ progress = silent } = {}) {
  const installed = findInstalled();
  if (installed) return installed;
  let reason = 'This is not a Debian system';
  if (hasDebian()) {
    try {
      return programsIn(await unpackDebian('rabbitmq', ['rabbitmq-server'], { progress }));
    } catch (error) {
      reason = messageOf(error);
    }
  }
  const docker = which('docker');
  if (docker && (await tryRun(docker, ['info'], { timeoutMs: 20_000 })).code === 0) {
    return { kind: 'docker', docker, image: IMAGE, version: IMAGE };
  }
  throw new ToolError(`RabbitMQ was not found. ${reason}, and Docker does not answer.`, {
    hint: 'install rabbitmq-server (or Docker), or set AMQP_URL to a broker of yours',
  });
}

/** @returns {RabbitmqPrograms | undefined} */
function findInstalled() {
  const [epmd, erl] = [which('epmd'), which('erl')];
  const server = existsSync(DEBIAN_SERVER) ? DEBIAN_SERVER : which('rabbitmq-server');
  if (!server || !epmd || !erl) return undefined;
  return { kind: 'programs', server, epmd, erl, env: {}, version: versionOf(realpathSync(server)) };
}

/** @param {import('./debian.mjs').DebianSet} set @returns {RabbitmqPrograms} */
function programsIn({ root, libraryPath }) {
  const lib = join(root, 'usr', 'lib', 'rabbitmq', 'lib');
  const home = readdirSync(lib).find((name) => name.startsWith('rabbitmq_server-'));
  // A machine that has Erlang lacks only RabbitMQ itself.
  const bin = [join(root, 'usr', 'lib', 'erlang', 'bin')].filter((dir) => existsSync(join(dir, 'erl')));
  const [epmd, erl] = ['epmd', 'erl'].map((name) => (bin[0] ? join(bin[0], name) : which(name)));
  if (!home || !epmd || !erl) throw new ToolError(`RabbitMQ unpacked in ${root} is not complete.`);
  const server = join(lib, home, 'sbin', 'rabbitmq-server');
  /** @type {Record<string, string>} */
  const env = { PATH: [...bin, process.env.PATH].join(':') };
  if (libraryPath) env.LD_LIBRARY_PATH = libraryPath;
  return { kind: 'programs', server, epmd, erl, env, version: versionOf(dirname(server)) };
}

/** @param {string} path */
const versionOf = (path) => /rabbitmq_server-([\d.]+)/.exec(path)?.[1] ?? 'unknown version';
