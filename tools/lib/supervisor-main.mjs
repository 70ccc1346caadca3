// The process behind `npm run up`: owns the whole stack until it is told to stop. Started by supervisor.mjs, which sends
// the options in a message and gets back what happens during the start.
import { rmSync } from 'node:fs';
import { once } from 'node:events';
import { writeFileAtomic } from './paths.mjs';
import { startedAt } from './processes.mjs';
import { createProgress } from './progress.mjs';
import { stackFiles } from './stack-files.mjs';
import { startStack } from './stack.mjs';
import { messageOf } from './tool-error.mjs';

/**
 * @typedef {{ dataDir: string, replicas: import('./stack-plan.mjs').Replicas, restart: boolean }} SupervisorOptions
 * @typedef {{ note: string } | { failed: string } | { up: import('./supervisor.mjs').UpFacts }} SupervisorMessage
 */

const startUp = new AbortController();
/** @type {import('./stack.mjs').Stack | undefined} */
let stack;
let stops = 0;

/** The first request stops in order, another one at once. */
async function stop() {
  stops += 1;
  if (stops === 1) note('Stopping');
  startUp.abort(new Error('Stopped before it was ready.'));
  // Without a stack yet, its start ends by the abort; on another request the guard ends what there is.
  if (!stack) return stops > 1 ? finish(1) : undefined;
  await (stops > 1 ? stack.killAll() : stack.stop());
  finish(0);
}

/** @param {number} code */
function finish(code) {
  if (options) rmSync(stackFiles(options.dataDir).supervisor, { force: true });
  process.exit(code);
}

/** @param {string} line */
function note(line) {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  tell({ note: line });
}

/** @param {SupervisorMessage} message */
function tell(message) {
  if (process.connected) process.send?.(message, () => {});
}

/** @type {SupervisorOptions | undefined} */
let options;
for (const name of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP'])) process.on(name, () => void stop());
process.on('disconnect', () => {
  // Whoever asked for the start has gone before it was over.
  if (!stack) void stop();
});

[options] = /** @type {[SupervisorOptions]} */ (await once(process, 'message'));
try {
  const files = stackFiles(options.dataDir);
  const self = { pid: process.pid, started: startedAt(process.pid) };
  writeFileAtomic(files.supervisor, JSON.stringify(self));
  stack = await startStack({ ...options, progress: createProgress(note), signal: startUp.signal });
  const { apiUrl, apiUrls, env } = stack;
  const workers = stack.processes().filter(({ role }) => role.startsWith('worker-')).length;
  const facts = { ...self, apiUrl, apiUrls, workers, managementUrl: env.RABBITMQ_MANAGEMENT_URL };
  writeFileAtomic(files.supervisor, JSON.stringify(facts));
  if (stops > 0) await stack.stop().then(() => finish(0));
  tell({ up: facts });
  process.disconnect?.();
} catch (error) {
  tell({ failed: messageOf(error) });
  process.stdout.write(`${messageOf(error)}\n`);
  // The message has to leave before the process does.
  setTimeout(() => finish(1), 200);
}
