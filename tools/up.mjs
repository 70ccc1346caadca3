// npm run up: starts everything in the background and returns when it is ready.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withLock } from './lib/lock.mjs';
import { defaultDataDir, ensurePrivateDir } from './lib/paths.mjs';
import { prepare } from './lib/prepare.mjs';
import { toStderr, toStdout } from './lib/progress.mjs';
import { readProcesses, stackFiles } from './lib/stack-files.mjs';
import { completeReplicas, listApps } from './lib/stack-plan.mjs';
import { checkHealth, findSupervisor, startSupervisor } from './lib/supervisor.mjs';
import { runMain, ToolError } from './lib/tool-error.mjs';

const apps = listApps();

const HELP = `npm run up [-- options]

Starts PostgreSQL, RabbitMQ, the backend and the workers in the background; returns when all are ready.
${apps.map((app) => `  --${app} N`.padEnd(26) + `how many of it to run (default 1)`).join('\n')}
  --no-restart            what dies stays dead (default: it is started again after a second)
  --json                  print the result as JSON (progress goes to standard error)

AMQP_URL and DATABASE_URL, where set, are used instead of private servers.
Writes .reelay/env (settings for clients) and .reelay/processes.json; logs are in .reelay/logs. Stop it with npm run down.
`;

/** @returns {{ json: boolean, help: boolean, restart: boolean, replicas: Record<string, number> }} */
function readArguments() {
  const replicaOptions = Object.fromEntries(apps.map((app) => [app, { type: /** @type {const} */ ('string') }]));
  const flag = { type: /** @type {const} */ ('boolean'), default: false };
  try {
    const parsed = parseArgs({ options: { ...replicaOptions, json: flag, help: flag, 'no-restart': flag } });
    /** @type {Record<string, string | boolean | undefined>} */
    const values = parsed.values;
    const wish = apps.filter((app) => values[app] !== undefined).map((app) => [app, Number(values[app])]);
    const replicas = completeReplicas(Object.fromEntries(wish));
    return { json: Boolean(values.json), help: Boolean(values.help), restart: !values['no-restart'], replicas };
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError(error instanceof Error ? error.message : String(error), { hint: 'npm run up -- --help' });
  }
}

/** @param {boolean} json @param {'up' | 'already up'} status @param {Partial<import('./lib/supervisor.mjs').UpFacts>} facts */
function report(json, status, { apiUrl = '', managementUrl }) {
  const { env: envFile, processes: processesFile, logs } = stackFiles(defaultDataDir);
  const facts = { status, apiUrl, docsUrl: `${apiUrl}/api/docs`, managementUrl, envFile, processesFile, logs };
  if (json) {
    const processes = readProcesses(defaultDataDir);
    return void process.stdout.write(`${JSON.stringify({ ...facts, processes }, null, 2)}\n`);
  }
  process.stdout.write(`${status === 'up' ? 'Reelay is up.' : 'already up'}
  API         ${apiUrl}
  API docs    ${facts.docsUrl}
${managementUrl ? `  RabbitMQ    ${managementUrl}  (user and password: ${envFile})\n` : ''}  settings    ${envFile}
  logs        ${logs}
  stop with   npm run down
`);
}

/** @param {ReturnType<typeof readArguments>} options @param {AbortSignal} signal */
async function up({ json, restart, replicas }, signal) {
  const progress = json ? toStderr : toStdout;
  const running = findSupervisor(defaultDataDir);
  if (running) {
    const { ready, waitingFor } = await checkHealth(defaultDataDir, running);
    if (ready) return report(json, 'already up', running);
    throw new ToolError(`Reelay runs already (process ${running.pid}) but is not well: waiting for ${waitingFor}.`, {
      hint: 'see .reelay/logs, or npm run down and then npm run up',
    });
  }
  await prepare({ progress }).finally(() => signal.throwIfAborted());
  report(json, 'up', await startSupervisor({ dataDir: defaultDataDir, replicas, restart }, { progress, signal }));
}

runMain(async () => {
  const options = readArguments();
  if (options.help) return void process.stdout.write(HELP);
  const interrupt = new AbortController();
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(name, () => interrupt.abort(new ToolError('Interrupted; everything that was started is stopped.')));
  }
  const lock = join(ensurePrivateDir(defaultDataDir), 'locks', 'up.lock');
  await withLock(
    lock,
    () => up(options, interrupt.signal),
    (pid) => {
      process.stderr.write(`Waiting for process ${pid}, which is starting Reelay\n`);
    },
  );
});
