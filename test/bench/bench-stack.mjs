// What is measured: a stack of its own, and what it is measured beside.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { toStderr } from '../../tools/lib/progress.mjs';
import { startService } from '../../tools/lib/service.mjs';
import { startStack } from '../../tools/lib/stack.mjs';
import { emptyDataDir } from '../../tools/lib/stack-files.mjs';
import { startBareLoop } from './bare-loop.mjs';

/** A worker that could keep up with anything: what is measured is the way to it and back. */
const SLOTS = 400;

/**
 * A stack, a worker whose jobs do nothing, and the bare loop, for as long as they are measured.
 * @template T
 * @param {string} dataDir
 * @param {(servers: Omit<import('./benches.mjs').Context, 'samples' | 'jobs' | 'seconds' | 'files'>) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withBenchStack(dataDir, work) {
  // What is measured depends on what is there: on nothing of earlier runs.
  await emptyDataDir(dataDir);
  const stack = await startStack({
    dataDir,
    replicas: { 'worker-analyze': 0, 'worker-compile': 0, 'worker-encode': 0, 'worker-library': 0 },
    env: { LOG_LEVEL: 'warn' },
    progress: toStderr,
  });
  const servers = { amqpUrl: stack.env.AMQP_URL ?? '', databaseUrl: stack.env.DATABASE_URL ?? '' };
  const api = { apiUrl: stack.apiUrl, token: stack.token };
  const worker = await startNoopWorker(dataDir, servers.amqpUrl);
  const bare = await startBareLoop(servers);
  try {
    await patchSettings(api, { limits: { cpu: SLOTS } });
    const backend = stack.processes().find(({ role }) => role === 'backend')?.pid ?? 0;
    return await work({ ...api, ...servers, bare, media: stack.env, dataDir, pids: { backend, worker: worker.pid } });
  } finally {
    await bare.stop();
    await worker.stop();
    await stack.stop();
  }
}

/** How many workers there were, so that each has a name of its own. */
let workers = 0;

/**
 * A worker that handles media, for as long as it is measured; called within itself, a further replica.
 * @template T
 * @param {import('./benches.mjs').Context} context
 * @param {'worker-encode' | 'worker-library'} app
 * @param {() => Promise<T>} work
 * @param {NodeJS.ProcessEnv} [more] further settings
 * @returns {Promise<T>}
 */
export async function withMediaWorker({ media, dataDir, apiUrl, token }, app, work, more = {}) {
  const forWorkers = { ...media };
  delete forWorkers.REELAY_TOKEN;
  delete forWorkers.DATABASE_URL;
  const instance = `bench-${app}-${process.pid}-${++workers}`;
  const worker = await startService({
    command: process.execPath,
    args: [join(import.meta.dirname, '../../apps', app, 'dist/main.js')],
    log: join(dataDir, 'logs', `${instance}.log`),
    env: {
      PATH: process.env.PATH,
      LOG_LEVEL: 'warn',
      INSTANCE_ID: instance,
      WORK_DIR: join(dataDir, `work-${instance}`),
      ...forWorkers,
      ...more,
    },
  });
  try {
    for (;;) {
      const response = await fetch(`${apiUrl}/api/media/workers`, { headers: { authorization: `Bearer ${token}` } });
      const { data } = /** @type {{ data: { instanceId: string, live: boolean }[] }} */ (await response.json());
      if (data.some(({ instanceId, live }) => live && instanceId === instance)) break;
      if (!worker.isRunning()) throw new Error(`${app} ended; see ${instance}.log in ${dataDir}/logs`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return await work();
  } finally {
    await worker.stop();
  }
}

/** @param {string} dataDir @param {string} amqpUrl */
function startNoopWorker(dataDir, amqpUrl) {
  const work = join(dataDir, 'work-noop');
  mkdirSync(work, { recursive: true });
  return startService({
    command: process.execPath,
    args: [join(import.meta.dirname, 'noop-worker.mjs')],
    log: join(dataDir, 'logs', 'noop-worker.log'),
    env: { PATH: process.env.PATH, AMQP_URL: amqpUrl, WORKER_SLOTS: String(SLOTS), WORK_DIR: work, LOG_LEVEL: 'warn' },
  });
}

/**
 * @param {{ apiUrl: string, token: string }} api
 * @param {import('@reelay/contracts').PatchSettingsBody} settings
 */
export async function patchSettings({ apiUrl, token }, settings) {
  const response = await fetch(`${apiUrl}/api/media/settings`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(settings),
  });
  if (!response.ok) throw new Error(`the settings were answered with ${response.status}`);
}
