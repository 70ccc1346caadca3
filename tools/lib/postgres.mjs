import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensurePrivateDir, readOrCreateSecret } from './paths.mjs';
import { keepPorts } from './ports.mjs';
import { postgresAccount } from './postgres-account.mjs';
import { dataHome, preparePrograms } from './postgres-home.mjs';
import { descendantsOf, startedAt } from './processes.mjs';
import { lastLines, tryRun } from './run.mjs';
import { startService, tailOf } from './service.mjs';
import { messageOf, ToolError } from './tool-error.mjs';
import { waitFor } from './wait.mjs';

/** The superuser and the database that every server has. */
const NAME = 'reelay';

const START_TIMEOUT_MS = 60_000;

/**
 * @typedef {object} PostgresOptions
 * @property {string} dir the server's own folder: password, port and, where its account can reach it, the data
 * @property {string} log file that the server's messages are appended to
 * @property {number} [port] a port to use and no other; default: that of last time if it is free, else any
 * @property {Record<string, string>} [settings] more server settings, such as `{ fsync: 'off' }`
 *
 * @typedef {import('./service.mjs').Service & { url: string, port: number }} Postgres A running server. `url` holds
 * the superuser's password and names the database `reelay`.
 */

/**
 * Starts a private PostgreSQL server on 127.0.0.1; its data is made at the first start. Ready for queries when it returns.
 * @param {PostgresOptions} options
 * @returns {Promise<Postgres>}
 * @throws {ToolError}
 */
export async function startPostgres({ dir, log, port: requiredPort, settings = {} }) {
  ensurePrivateDir(dir);
  const password = readOrCreateSecret(join(dir, 'password'));
  const account = postgresAccount(join(dir, 'data'));
  const data = dataHome(dir, account);
  const programs = preparePrograms(account);
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise({ programs, data, password, account });
  refuseOtherVersion(programs, data);
  removeStalePidFile(data);

  const { port } = await keepPorts(dir, ['port'], { port: requiredPort });
  const flags = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] ',
    ...settings,
  };
  const service = await startService({
    command: join(programs, 'bin', 'postgres'),
    args: ['-D', data, ...Object.entries(flags).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env: serverEnv(),
    cwd: data,
    log,
    stopSignal: 'SIGINT',
    ...account,
  });
  await becomeReady(service, port, password);
  return Object.assign(service, { port, url: urlOf(port, password, NAME) });
}

/** @param {number} port @param {string} password @param {string} database */
const urlOf = (port, password, database) => `postgres://${NAME}:${password}@127.0.0.1:${port}/${database}`;

const serverEnv = () => ({ PATH: process.env.PATH, LC_ALL: systemLocale, TZ: 'UTC' });

/** macOS before 14 has no C.UTF-8; the database's own locale is PostgreSQL's built-in C.UTF-8 in any case. */
const systemLocale = process.platform === 'darwin' ? 'C' : 'C.UTF-8';

/** @param {{ programs: string, data: string, password: string, account?: import('./postgres-account.mjs').Account }} options */
async function initialise({ programs, data, password, account }) {
  const unfinished = `${data}.unfinished`;
  const passwordFile = `${data}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  try {
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (account) for (const path of [unfinished, passwordFile]) chownSync(path, account.uid, account.gid);
    const args = [
      `--pgdata=${unfinished}`,
      `--username=${NAME}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      `--locale=${systemLocale}`,
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-sync',
    ];
    const options = { env: serverEnv(), cwd: dirname(data), ...account };
    const { code, stdout, stderr } = await tryRun(join(programs, 'bin', 'initdb'), args, options);
    if (code !== 0) throw explain(lastLines(`${stdout}\n${stderr}`, 12), 'The database could not be made');
    renameSync(unfinished, data);
  } finally {
    for (const path of [unfinished, passwordFile]) rmSync(path, { recursive: true, force: true });
  }
}

/** @param {string} programs @param {string} data */
function refuseOtherVersion(programs, data) {
  const [ofData] = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim().split('.');
  const [, ofPrograms] = /postgres-(\d+)/.exec(programs) ?? [];
  if (ofData === ofPrograms) return;
  throw new ToolError(`${data} was made by PostgreSQL ${ofData}; the programs are version ${ofPrograms}.`, {
    hint: 'npm run down, then remove the .reelay folder to start with an empty database',
  });
}

/**
 * After a crash the server's pid file remains, and the pid may be another program's by now, at which the server would balk.
 * @param {string} data
 */
function removeStalePidFile(data) {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (startedAt(pid) === undefined || !isServer(pid)) return rmSync(file);
  throw new ToolError(`A PostgreSQL server is already running on ${data} (process ${pid}).`, { hint: 'npm run down' });
}

/** @param {number} pid */
function isServer(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]?.endsWith('postgres') ?? false;
  } catch {
    return descendantsOf(pid).length > 0;
  }
}

/**
 * @param {import('./service.mjs').Service} service
 * @param {number} port
 * @param {string} password
 */
async function becomeReady(service, port, password) {
  let problem = 'it did not answer';
  const ready = await waitFor(
    async () => {
      if (!service.isRunning()) return 'ended';
      try {
        await createDatabase(urlOf(port, password, 'postgres'));
        return 'ready';
      } catch (error) {
        problem = messageOf(error);
        return undefined;
      }
    },
    { timeoutMs: START_TIMEOUT_MS },
  );
  if (ready === 'ready') return;
  const how = ready === 'ended' ? await service.exited : `was not ready in ${START_TIMEOUT_MS / 1000} s: ${problem}`;
  await service.kill();
  throw explain(tailOf(service.log, 12), `PostgreSQL ${how}`);
}

/** A real query, which also makes the database at the first start. @param {string} url */
async function createDatabase(url) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [NAME]);
    if (!rowCount) await client.query(`CREATE DATABASE ${NAME}`);
  } finally {
    await client.end().catch(() => {});
  }
}

/** @param {string} output @param {string} problem */
function explain(output, problem) {
  /** @type {[RegExp, string][]} */
  const hints = [
    [
      /shared memory|shmget|No space left on device.*shm/i,
      'give the machine more shared memory (in a container: --shm-size=256m)',
    ],
    [/locale|encoding/i, 'install the locale C.UTF-8 (on Debian it comes with libc-bin)'],
    [/error while loading shared libraries/, 'remove the .reelay folder and node_modules, then npm run setup'],
    [/No space left on device/, 'free some disk space'],
    [
      /Permission denied/,
      'see that the folder named above may be entered and written by the account PostgreSQL runs as',
    ],
  ];
  const hint = hints.find(([pattern]) => pattern.test(output))?.[1];
  return new ToolError(`${problem}:\n${output}`, { hint: hint ?? 'or set DATABASE_URL to a server of yours' });
}
