// npm run bench: figures as JSON lines, each beside a reference that ran on the same broker and database.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BENCHES } from '../test/bench/benches.mjs';
import { defaultDataDir, repoRoot } from './lib/paths.mjs';
import { prepare } from './lib/prepare.mjs';
import { toStderr } from './lib/progress.mjs';
import { startService } from './lib/service.mjs';
import { startStack } from './lib/stack.mjs';
import { runMain, ToolError } from './lib/tool-error.mjs';

const HELP = `npm run bench [-- --only NAME]

Measures Reelay beside a reference on the same broker and database, in the same run.
Prints JSON lines to standard output, one for each figure, and progress to standard error.
  --only NAME   one measurement of those below
  --samples N   jobs to time, one after the other (default 300)
  --jobs N      jobs of each run under load (default 5000)
  --seconds N   how long jobs are submitted at a steady pace (default 10)

${BENCHES.map(({ name, what }) => `  ${name.padEnd(14)}${what}`).join('\n')}
`;

/** A worker that could keep up with anything: what is measured is the way to it and back. */
const SLOTS = 400;

runMain(async () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      samples: { type: 'string', default: '300' },
      jobs: { type: 'string', default: '5000' },
      seconds: { type: 'string', default: '10' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const chosen = BENCHES.filter(({ name }) => values.only === undefined || name === values.only);
  if (chosen.length === 0) {
    const hint = `choose one of ${BENCHES.map(({ name }) => name).join(', ')}`;
    throw new ToolError(`There is no measurement ${values.only}.`, { hint });
  }
  await prepare({ progress: toStderr });
  const { samples, jobs, seconds } = values;
  const sizes = { samples: Number(samples), jobs: Number(jobs), seconds: Number(seconds) };
  await withStack(async (servers) => {
    const context = { ...servers, ...sizes };
    for (const { name, load } of chosen) {
      await toStderr.step(`Measuring ${name}`, async () => {
        const { measure } = await load();
        for (const figure of await measure(context)) console.log(JSON.stringify(figure));
      });
    }
  });
});

/**
 * A stack, a worker whose jobs do nothing, and the bare loop, for as long as they are measured.
 * @param {(servers: Omit<import('../test/bench/benches.mjs').Context, 'samples' | 'jobs' | 'seconds'>) => Promise<void>} work
 */
async function withStack(work) {
  const { startBareLoop } = await import('../test/bench/bare-loop.mjs');
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
    const backend = stack.processes().find(({ role }) => role === 'backend')?.pid ?? 0;
    await work({ ...api, ...servers, bare, pids: { backend, worker: worker.pid } });
  } finally {
    await bare.stop();
    await worker.stop();
    await stack.stop();
  }
}

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
