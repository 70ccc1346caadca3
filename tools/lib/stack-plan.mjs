import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from './paths.mjs';
import { ToolError } from './tool-error.mjs';

/**
 * How many of each app to run, by its folder's name in apps/, such as `{ 'worker-encode': 2 }`.
 * @typedef {Record<string, number>} Replicas
 *
 * @typedef {object} AppProcess One process to run.
 * @property {string} name `worker-encode-2`
 * @property {string} role the app: `backend`, `worker-encode`, ...
 * @property {number} replica from 1
 * @property {readonly string[]} args node's arguments
 * @property {NodeJS.ProcessEnv} env
 */

/** What only the backend, or only the operator, may know. */
const NOT_FOR_WORKERS = [
  'DATABASE_URL',
  'ADMIN_TOKEN',
  'ADMIN_TOKEN_FILE',
  'REELAY_TOKEN',
  'RABBITMQ_MANAGEMENT_USER',
  'RABBITMQ_MANAGEMENT_PASSWORD',
];

/** A worker may first end what it is doing. */
const WORKER_STOP_MS = 65_000;
const BACKEND_STOP_MS = 15_000;

/**
 * The apps that can be started: the backend and every worker.
 * @returns {string[]} names of folders in apps/
 */
export const listApps = () =>
  readdirSync(join(repoRoot, 'apps'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^(backend$|worker-)/.test(entry.name))
    .filter((entry) => existsSync(join(repoRoot, 'apps', entry.name, 'package.json')))
    .map((entry) => entry.name)
    .sort();

/**
 * Completes a wish for replicas: one of each app that is not named.
 * @param {Replicas} [wish]
 * @returns {Replicas}
 * @throws {ToolError} for an unknown app, or a count that makes no sense
 */
export function completeReplicas(wish = {}) {
  const apps = listApps();
  for (const [app, count] of Object.entries(wish)) {
    if (!apps.includes(app))
      throw new ToolError(`There is no app ${app}.`, { hint: `the apps are ${apps.join(', ')}` });
    if (!Number.isInteger(count) || count < (app === 'backend' ? 1 : 0) || count > 99) {
      throw new ToolError(`${count} replicas of ${app} cannot be started.`, {
        hint: 'give whole numbers, and at least one backend',
      });
    }
  }
  return Object.fromEntries(apps.map((app) => [app, wish[app] ?? 1]));
}

/**
 * The processes of the apps, from what was asked for.
 * @param {{ replicas: Replicas, apiPorts: readonly number[], baseEnv: NodeJS.ProcessEnv, backendEnv: NodeJS.ProcessEnv, workerEnv: NodeJS.ProcessEnv }} options
 * @returns {AppProcess[]}
 * @throws {ToolError} when an app is not compiled
 */
export function planApps({ replicas, apiPorts, baseEnv, backendEnv, workerEnv }) {
  const forWorkers = { ...baseEnv };
  for (const name of NOT_FOR_WORKERS) delete forWorkers[name];
  return Object.entries(replicas).flatMap(([role, count]) =>
    Array.from({ length: count }, (_, index) => {
      const main = join(repoRoot, 'apps', role, 'dist', 'main.js');
      if (!existsSync(main))
        throw new ToolError(`${role} is not compiled (${main} is missing).`, { hint: 'npm run build' });
      const env =
        role === 'backend'
          ? { ...baseEnv, ...backendEnv, HOST: '127.0.0.1', PORT: String(apiPorts[index]) }
          : { ...forWorkers, ...workerEnv };
      return { name: `${role}-${index + 1}`, role, replica: index + 1, args: [main], env };
    }),
  );
}

/**
 * How long a process of an app may take to end.
 * @param {string} role
 */
export const stopGraceOf = (role) => (role === 'backend' ? BACKEND_STOP_MS : WORKER_STOP_MS);
