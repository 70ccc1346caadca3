import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { resolveBubblewrap, resolveFfmpeg } from './ffmpeg.mjs';
import { defaultDataDir, ensurePrivateDir, readOrCreateSecret, repoRoot } from './paths.mjs';
import { findFreePorts, isPortFree } from './ports.mjs';
import { silent } from './progress.mjs';
import { signal as sendSignal } from './processes.mjs';
import { startService, tailOf } from './service.mjs';
import { createCrew } from './stack-crew.mjs';
import { killLeftovers, stackFiles, takeDataDir, writeEnvFile } from './stack-files.mjs';
import { completeReplicas, planApps, stopGraceOf } from './stack-plan.mjs';
import { checkReady } from './stack-ready.mjs';
import { startServers } from './stack-servers.mjs';
import { ToolError } from './tool-error.mjs';
import { sleep } from './wait.mjs';

const READY_TIMEOUT_MS = 120_000;

/** An app's process that died this often before the stack was ready never will be. */
const MAX_DEATHS = 3;

const FIRST_API_PORT = 4100;

/**
 * @typedef {import('./stack-files.mjs').ProcessEntry} ProcessEntry
 *
 * @typedef {object} StackOptions
 * @property {string} [dataDir] all of the stack's state lies below it, so that stacks of several folders can run side by
 * side; default `.reelay`
 * @property {import('./stack-plan.mjs').Replicas} [replicas] default: one backend and one of each worker
 * @property {boolean} [restart] whether what dies is started again after a second, default true
 * @property {string} [mediaRoot] default: MEDIA_ROOT, or `media` in the data folder
 * @property {NodeJS.ProcessEnv} [env] more variables for the apps; `AMQP_URL` and `DATABASE_URL`, here or in this
 * process's environment, name servers to use instead of private ones
 * @property {Record<string, string>} [postgresSettings] such as `{ fsync: 'off' }`
 * @property {import('./progress.mjs').Progress} [progress]
 * @property {AbortSignal} [signal] gives up the start; what was started is stopped
 *
 * @typedef {object} Stack A running Reelay: database, broker, backends and workers.
 * @property {string} apiUrl the first backend's
 * @property {string[]} apiUrls every backend's
 * @property {string} token an admin's, for `Authorization: Bearer`
 * @property {string} mediaRoot
 * @property {Record<string, string>} env what a client needs, as `.reelay/env` holds it
 * @property {() => ProcessEntry[]} processes those running now
 * @property {(name: string) => Promise<void>} kill ends a process with SIGKILL, as a crash would; it comes back unless
 * `restart` is off
 * @property {() => Promise<void>} stop ends everything, in order
 * @property {() => Promise<void>} killAll ends everything at once
 */

/**
 * Starts a whole Reelay and returns when the API is ready and all workers are announced. Needs `prepare()` before it.
 * What it started never outlives this process.
 * @param {StackOptions} [options]
 * @returns {Promise<Stack>}
 * @throws {ToolError} quoting the log of what failed; everything is stopped then
 */
export async function startStack(options = {}) {
  const dataDir = options.dataDir ?? defaultDataDir;
  const replicas = completeReplicas(options.replicas);
  ensurePrivateDir(dataDir);
  ensurePrivateDir(stackFiles(dataDir).logs);
  takeDataDir(dataDir);
  await killLeftovers(dataDir);
  const crew = createCrew(dataDir, options);
  try {
    const servers = await startServers(crew, dataDir, options);
    return await startApps(crew, dataDir, replicas, servers, options);
  } catch (error) {
    await crew.stop();
    throw error;
  }
}

/**
 * @typedef {import('./stack-crew.mjs').Crew} Crew
 * @typedef {import('./stack-servers.mjs').Servers} Servers
 */

/**
 * @param {Crew} crew
 * @param {string} dataDir
 * @param {import('./stack-plan.mjs').Replicas} replicas
 * @param {Servers} servers
 * @param {StackOptions} options
 * @returns {Promise<Stack>}
 */
async function startApps(crew, dataDir, replicas, servers, options) {
  const files = stackFiles(dataDir);
  const token = readOrCreateSecret(files.adminToken);
  const mediaRoot = await makeMediaFolders(options, dataDir);
  const { ffmpeg, ffprobe } = await resolveFfmpeg(options);
  const bwrap = await resolveBubblewrap(options);
  const apiPorts = await findApiPorts(replicas.backend ?? 1, dataDir);
  const shared = { AMQP_URL: servers.amqpUrl, MEDIA_ROOT: mediaRoot, ...linksOf(options) };
  const media = { FFMPEG_PATH: ffmpeg, FFPROBE_PATH: ffprobe, ...(bwrap ? { BWRAP_PATH: bwrap } : {}) };
  const apps = planApps({
    replicas,
    apiPorts,
    baseEnv: { LOG_LEVEL: 'info', ...process.env, ...options.env },
    // An empty variable counts as none: the token is the one in the file.
    backendEnv: { ...shared, DATABASE_URL: servers.databaseUrl, ADMIN_TOKEN: '', ADMIN_TOKEN_FILE: files.adminToken },
    workerEnv: { WORK_DIR: options.env?.WORK_DIR ?? files.work, ...shared, ...media },
  });
  const apiUrls = apiPorts.map((port) => `http://127.0.0.1:${port}`);
  const [apiUrl = ''] = apiUrls;
  const env = {
    REELAY_API_URL: apiUrl,
    REELAY_TOKEN: token,
    ...shared,
    DATABASE_URL: servers.databaseUrl,
    ...servers.management,
    ...media,
  };
  writeEnvFile(files.env, env);

  const since = Date.now();
  const parts = apps.map(({ name, role, replica, args, env: ofApp }) => {
    const log = join(files.logs, `${name}.log`);
    const start = () => startService({ command: process.execPath, args, env: ofApp, cwd: repoRoot, log });
    return { name, role, replica, log, stopGraceMs: stopGraceOf(role), start };
  });
  const { progress = silent } = options;
  await progress.step('Starting the API and the workers', async () => {
    await Promise.all(parts.map((part) => crew.add(part)));
    const workers = apps.filter(({ role }) => role !== 'backend').length;
    await becomeReady(crew, { apiUrls, token, workers, since }, options);
    await servers.settle();
  });
  return {
    apiUrl,
    apiUrls,
    token,
    mediaRoot,
    env,
    processes: crew.processes,
    async kill(name) {
      const found = crew.processes().find((entry) => entry.name === name);
      if (!found) throw new ToolError(`${name} is not running.`);
      sendSignal(found.pid, 'SIGKILL');
    },
    stop: crew.stop,
    killAll: crew.killAll,
  };
}

/**
 * @param {Crew} crew
 * @param {import('./stack-ready.mjs').Expected} expected
 * @param {StackOptions} options
 */
async function becomeReady(crew, expected, { restart = true, signal }) {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    const dead = crew.members.find((member) => member.deaths() >= (restart ? MAX_DEATHS : 1));
    if (dead) throw failure(`${dead.part.name} keeps dying`, dead.part.log);
    const { ready, waitingFor, role } = await checkReady(expected);
    if (ready) return;
    if (Date.now() > deadline) {
      const culprit = crew.members.find(({ part }) => part.role.startsWith(role ?? 'backend')) ?? crew.members[0];
      throw failure(
        `Not ready in ${READY_TIMEOUT_MS / 1000} s: still waiting for ${waitingFor}`,
        culprit?.part.log ?? '',
      );
    }
    await sleep(150);
  }
}

/** @param {string} problem @param {string} log */
const failure = (problem, log) =>
  new ToolError(`${problem}. The end of ${log}:\n${tailOf(log)}`, { hint: 'mend that, then try again' });

/** Where links of the library may lead; nothing, when nothing was said. @param {StackOptions} options @returns {Record<string, string>} */
function linksOf({ env }) {
  const links = env?.MEDIA_LINKS ?? process.env.MEDIA_LINKS;
  return links ? { MEDIA_LINKS: links } : {};
}

/** @param {StackOptions} options @param {string} dataDir */
async function makeMediaFolders({ mediaRoot, env }, dataDir) {
  // Compiled by now, and not before.
  const { BUILT_IN_DIRECTORY_TYPES } = await import('../../libs/contracts/dist/index.js');
  const inherited = dataDir === defaultDataDir ? process.env.MEDIA_ROOT : undefined;
  const root = resolve(mediaRoot ?? env?.MEDIA_ROOT ?? (inherited || stackFiles(dataDir).media));
  for (const folder of BUILT_IN_DIRECTORY_TYPES) mkdirSync(join(root, folder), { recursive: true });
  return root;
}

/** The usual stack has the usual ports, where they are free; others take any. @param {number} count @param {string} dataDir */
async function findApiPorts(count, dataDir) {
  if (dataDir !== defaultDataDir) return findFreePorts(count);
  /** @type {number[]} */
  const ports = [];
  for (let port = FIRST_API_PORT; ports.length < count && port < FIRST_API_PORT + 200; port += 1) {
    if (await isPortFree(port)) ports.push(port);
  }
  return ports.length === count ? ports : findFreePorts(count);
}
