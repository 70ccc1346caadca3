// npm run bench: figures as JSON lines, each beside a reference that ran on the same broker and database.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultDataDir } from './lib/paths.mjs';
import { prepare } from './lib/prepare.mjs';
import { toStderr } from './lib/progress.mjs';
import { startService } from './lib/service.mjs';
import { repoRoot } from './lib/paths.mjs';
import { startStack } from './lib/stack.mjs';
import { runMain } from './lib/tool-error.mjs';

const HELP = `npm run bench [-- --samples N]

Measures Reelay beside a bare loop on the same broker and database, in the same run.
Prints JSON lines to standard output, and progress to standard error.
  --samples N   jobs to time, one after the other (default 300)
`;

runMain(async () => {
  const { values } = parseArgs({ options: { samples: { type: 'string', default: '300' }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(HELP);
  await prepare({ progress: toStderr });
  const { measureIdleLatency } = await import('../test/bench/idle-latency.mjs');
  const dataDir = join(defaultDataDir, 'bench');
  const stack = await startStack({
    dataDir,
    replicas: { 'worker-encode': 0, 'worker-library': 0 },
    env: { LOG_LEVEL: 'warn' },
    progress: toStderr,
  });
  const log = join(dataDir, 'logs', 'noop-worker.log');
  const work = join(dataDir, 'work-noop');
  mkdirSync(work, { recursive: true });
  const worker = await startService({
    command: process.execPath,
    args: [join(repoRoot, 'test', 'bench', 'noop-worker.mjs')],
    log,
    env: { PATH: process.env.PATH, AMQP_URL: stack.env.AMQP_URL, WORKER_SLOTS: '4', WORK_DIR: work, LOG_LEVEL: 'warn' },
  });
  try {
    const figures = await measureIdleLatency({
      apiUrl: stack.apiUrl,
      token: stack.token,
      amqpUrl: stack.env.AMQP_URL ?? '',
      databaseUrl: stack.env.DATABASE_URL ?? '',
      samples: Number(values.samples),
    });
    console.log(JSON.stringify(figures));
  } finally {
    await worker.stop();
    await stack.stop();
    rmSync(work, { recursive: true, force: true });
  }
});
