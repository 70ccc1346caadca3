// npm run demo: the whole of Reelay on a real video, from nothing. Exits 0 only if every output was verified.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { apiClient, demoJobs, followJobs, summaryTable } from './lib/demo-jobs.mjs';
import { verifyOutputs } from './lib/demo-verify.mjs';
import { defaultDataDir } from './lib/paths.mjs';
import { prepare } from './lib/prepare.mjs';
import { toStdout } from './lib/progress.mjs';
import { ensureSampleVideo } from './lib/samples.mjs';
import { readEnvFile, stackFiles } from './lib/stack-files.mjs';
import { startStack } from './lib/stack.mjs';
import { findSupervisor, startSupervisor } from './lib/supervisor.mjs';
import { runMain, ToolError } from './lib/tool-error.mjs';

const HELP = `npm run demo [-- --keep]

Runs jobs on a real video through RabbitMQ and PostgreSQL with two replicas of each worker,
checks what comes out, and stops everything. Uses the running Reelay, if npm run up started one.
  --keep   leave it running (stop it with npm run down)
`;

const REPLICAS = { 'worker-encode': 2, 'worker-library': 2 };

/**
 * What the demo runs against, and how to end what was started for it.
 * @typedef {{ apiUrl: string, token: string, mediaRoot: string, managementUrl: string, stop: () => Promise<void> }} Target
 */

/** @param {boolean} keep @param {AbortSignal} signal @returns {Promise<Target>} */
async function openTarget(keep, signal) {
  const progress = toStdout;
  if (keep || findSupervisor(defaultDataDir)) {
    if (!findSupervisor(defaultDataDir)) {
      await startSupervisor({ dataDir: defaultDataDir, replicas: REPLICAS, restart: true }, { progress, signal });
    }
    return { ...fromEnv(readEnvFile(stackFiles(defaultDataDir).env)), stop: async () => {} };
  }
  const dataDir = join(defaultDataDir, 'demo');
  const stack = await startStack({ dataDir, replicas: REPLICAS, progress, signal, env: { LOG_LEVEL: 'warn' } });
  return { ...fromEnv(stack.env), stop: stack.stop };
}

/** @param {Record<string, string>} env */
const fromEnv = (env) => ({
  apiUrl: env.REELAY_API_URL ?? '',
  token: env.REELAY_TOKEN ?? '',
  mediaRoot: env.MEDIA_ROOT ?? '',
  managementUrl: env.RABBITMQ_MANAGEMENT_URL ?? '',
});

/** @param {Target} target @param {AbortSignal} signal */
async function run(target, signal) {
  const api = apiClient(target, signal);
  const name = `demo-${Date.now().toString(36)}`;
  const source = await ensureSampleVideo();
  mkdirSync(join(target.mediaRoot, 'inbox'), { recursive: true });
  copyFileSync(source, join(target.mediaRoot, 'inbox', `${name}.mp4`));
  console.log(`\nVideo  inbox/${name}.mp4, from ${source}\n`);

  const jobs = await followJobs(api, await demoJobs(api, `inbox/${name}.mp4`));
  const { rows, faults } = await verifyOutputs(target.mediaRoot, `inbox/${name}.mp4`, jobs);
  console.log(`\n${summaryTable(rows)}\n`);
  console.log(`API docs          ${target.apiUrl}/api/docs`);
  if (target.managementUrl) console.log(`RabbitMQ's page   ${target.managementUrl}`);
  rmSync(join(target.mediaRoot, 'inbox', `${name}.mp4`), { force: true });
  if (faults.length > 0)
    throw new ToolError(`The demo failed:\n  ${faults.join('\n  ')}`, { hint: 'see the logs in .reelay' });
  console.log('\nEvery output was verified.');
}

runMain(async () => {
  const { values } = parseArgs({ options: { keep: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(HELP);
  const interrupt = new AbortController();
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(name, () => interrupt.abort(new ToolError('Interrupted; everything that was started is stopped.')));
  }
  await prepare({ progress: toStdout });
  interrupt.signal.throwIfAborted();
  const target = await openTarget(values.keep ?? false, interrupt.signal);
  try {
    await run(target, interrupt.signal);
  } finally {
    await target.stop();
  }
  if (values.keep)
    console.log(`It runs on; its settings are in ${stackFiles(defaultDataDir).env}. Stop it with npm run down.`);
});
