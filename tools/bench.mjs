// npm run bench: figures as JSON lines, each beside a reference that ran on the same broker and database.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultDataDir, repoRoot } from './lib/paths.mjs';
import { prepare } from './lib/prepare.mjs';
import { toStderr } from './lib/progress.mjs';
import { startService } from './lib/service.mjs';
import { startStack } from './lib/stack.mjs';
import { runMain } from './lib/tool-error.mjs';

const HELP = `npm run bench [-- --samples N]

Measures Reelay beside a bare loop on the same broker and database, in the same run.
Prints JSON lines to standard output, and progress to standard error.
  --samples N   jobs to time, one after the other (default 300)
  --jobs N      jobs of each throughput run (default 5000)
`;

/** A worker that could keep up with anything: what is measured is the way to it and back. */
const SLOTS = 400;

runMain(async () => {
  const { values } = parseArgs({
    options: {
      samples: { type: 'string', default: '300' },
      jobs: { type: 'string', default: '5000' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  await prepare({ progress: toStderr });
  const { startBareLoop } = await import('../test/bench/bare-loop.mjs');
  const { measureIdleLatency } = await import('../test/bench/idle-latency.mjs');
  const { measureThroughput } = await import('../test/bench/throughput.mjs');
  const dataDir = join(defaultDataDir, 'bench');
  const stack = await startStack({
    dataDir,
    replicas: { 'worker-encode': 0, 'worker-library': 0 },
    env: { LOG_LEVEL: 'warn' },
    progress: toStderr,
  });
  const servers = { amqpUrl: stack.env.AMQP_URL ?? '', databaseUrl: stack.env.DATABASE_URL ?? '' };
  const api = { apiUrl: stack.apiUrl, token: stack.token };
  const worker = await startNoopWorker(dataDir, servers.amqpUrl);
  const bare = await startBareLoop(servers);
  try {
    await setLimits(api);
    console.log(
      JSON.stringify(await measureIdleLatency({ ...api, ...servers, samples: Number(values.samples), bare })),
    );
    console.log(JSON.stringify(await measureThroughput({ ...api, ...servers, jobs: Number(values.jobs), bare })));
  } finally {
    await bare.stop();
    await worker.stop();
    await stack.stop();
  }
});

/** @param {string} dataDir @param {string} amqpUrl */
function startNoopWorker(dataDir, amqpUrl) {
  const work = join(dataDir, 'work-noop');
  mkdirSync(work, { recursive: true });
  return startService({
    command: process.execPath,
    args: [join(repoRoot, 'test', 'bench', 'noop-worker.mjs')],
    log: join(dataDir, 'logs', 'noop-worker.log'),
    env: { PATH: process.env.PATH, AMQP_URL: amqpUrl, WORKER_SLOTS: String(SLOTS), WORK_DIR: work, LOG_LEVEL: 'warn' },
  });
}

/** @param {{ apiUrl: string, token: string }} api */
async function setLimits({ apiUrl, token }) {
  const response = await fetch(`${apiUrl}/api/media/settings`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ limits: { cpu: SLOTS } }),
  });
  if (!response.ok) throw new Error(`the settings were answered with ${response.status}`);
}
