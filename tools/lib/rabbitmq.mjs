import { join } from 'node:path';
import { ensurePrivateDir, readJson, readOrCreateSecret, writeFileAtomic } from './paths.mjs';
import { isPortOpen, keepPorts } from './ports.mjs';
import { isAlive } from './processes.mjs';
import { nodeEnv, RABBITMQ_USER, withUser, writeNodeFiles } from './rabbitmq-config.mjs';
import { startContainer } from './rabbitmq-docker.mjs';
import { resolveRabbitmq } from './rabbitmq-programs.mjs';
import { quietenPlugin, settleQueues } from './rabbitmq-rpc.mjs';
import { startService, tailOf } from './service.mjs';
import { ToolError } from './tool-error.mjs';
import { sleep, waitFor } from './wait.mjs';

const START_TIMEOUT_MS = 90_000;

/**
 * @typedef {import('./rabbitmq-config.mjs').RabbitmqPorts} RabbitmqPorts
 * @typedef {import('./service.mjs').Service} Service
 *
 * @typedef {object} RabbitmqOptions
 * @property {string} dir the broker's own folder: data, password, ports
 * @property {string} log file that the broker's messages are appended to
 * @property {import('./rabbitmq-config.mjs').Definitions} [definitions] exchanges, queues, bindings to have at boot
 * @property {Partial<RabbitmqPorts>} [ports] ports to use and no others; default: those of last time if free, else any
 * @property {Awaited<ReturnType<typeof resolveRabbitmq>>} [programs] default: what `resolveRabbitmq` finds
 *
 * @typedef {object} RabbitmqFacts
 * @property {string} url what programs connect to, with the password
 * @property {string} managementUrl the management page and API
 * @property {string} prometheusUrl
 * @property {string} user
 * @property {string} password
 * @property {RabbitmqPorts} ports
 * @property {() => Promise<void>} settle makes queues that were just declared outlive a broker that is killed at once
 * @property {{ pid: number, started: string } | undefined} epmd the name server beside it, which ends with it
 *
 * @typedef {Service & RabbitmqFacts} Rabbitmq A running broker; its `pid` is the broker itself.
 */

/**
 * Starts a private RabbitMQ node on 127.0.0.1, with the management page and Prometheus metrics. What it held durably
 * at its last end, even a violent one, is there again. Ready for work when it returns.
 * @param {RabbitmqOptions} options
 * @returns {Promise<Rabbitmq>}
 * @throws {ToolError}
 */
export async function startRabbitmq({ dir, log, definitions = {}, ports: required, programs }) {
  ensurePrivateDir(dir);
  refuseSecondNode(dir);
  const found = programs ?? (await resolveRabbitmq());
  const password = readOrCreateSecret(join(dir, 'password'));
  const ports = await keepPorts(dir, ['amqp', 'management', 'prometheus', 'dist', 'epmd'], required);
  const options = { dir, log, ports, definitions: withUser(definitions, password) };
  const node = await (found.kind === 'docker'
    ? startContainer({ ...options, image: found })
    : startNode({ ...options, programs: found }));
  writeFileAtomic(join(dir, 'owner.json'), JSON.stringify({ pid: node.pid, started: node.started }));
  await becomeReady(node, ports, password);
  await node.settle();
  return Object.assign(node, {
    url: `amqp://${RABBITMQ_USER}:${password}@127.0.0.1:${ports.amqp}`,
    managementUrl: `http://127.0.0.1:${ports.management}`,
    prometheusUrl: `http://127.0.0.1:${ports.prometheus}/metrics`,
    user: RABBITMQ_USER,
    password,
    ports,
  });
}

/** Two nodes on the same data would spoil it. @param {string} dir */
function refuseSecondNode(dir) {
  const owner = readJson(join(dir, 'owner.json'));
  if (!owner || !isAlive(owner)) return;
  throw new ToolError(`RabbitMQ is already running in ${dir} (process ${owner.pid}).`, { hint: 'npm run down' });
}

/** RabbitMQ's own scripts do not quote. @param {readonly string[]} paths */
function refuseSpaces(...paths) {
  const path = paths.find((each) => /\s/.test(each));
  if (!path) return;
  throw new ToolError(`RabbitMQ does not run from a folder with a space in its path (${path}).`, {
    hint: 'move the checkout to another folder, or set AMQP_URL to a broker of yours',
  });
}

/**
 * @typedef {{ dir: string, log: string, ports: RabbitmqPorts, definitions: object,
 *   programs: import('./rabbitmq-programs.mjs').RabbitmqPrograms }} NodeOptions
 */

/** @param {NodeOptions} options */
async function startNode({ dir, log, ports, definitions, programs }) {
  refuseSpaces(dir, programs.server);
  writeNodeFiles(dir, ports, definitions);
  const env = { PATH: process.env.PATH, ...nodeEnv(dir, ports), ...programs.env };
  const epmd = await superviseEpmd({ programs, ports, env, log: `${log.replace(/\.log$/, '')}-epmd.log` });
  const broker = await startService({ command: programs.server, args: [], env, cwd: dir, log });
  const access = { erl: programs.erl, env };
  const exited = broker.exited.then(async (how) => {
    await epmd.kill();
    return how;
  });
  return {
    ...broker,
    exited,
    get epmd() {
      return epmd.current();
    },
    settle: () => settleQueues(access),
    async stop(graceMs = 15_000) {
      if (broker.isRunning()) await quietenPlugin(access);
      await broker.stop(graceMs);
      await exited;
    },
    async kill() {
      await broker.kill();
      await exited;
    },
  };
}

/**
 * epmd runs in the foreground as a child of ours, as one that Erlang starts would outlive the broker. It comes back
 * when it dies; the broker then registers anew.
 * @param {{ programs: { epmd: string }, ports: RabbitmqPorts, env: NodeJS.ProcessEnv, log: string }} options
 */
async function superviseEpmd({ programs, ports, env, log }) {
  const args = ['-port', String(ports.epmd), '-address', '127.0.0.1'];
  const start = () => startService({ command: programs.epmd, args, env, log });
  let wanted = true;
  let epmd = await start();
  const restart = async () => {
    await sleep(1_000);
    if (!wanted) return;
    epmd = await start();
    epmd.exited.then(restart, () => {});
  };
  epmd.exited.then(restart, () => {});
  return {
    current: () => (epmd.isRunning() ? { pid: epmd.pid, started: epmd.started } : undefined),
    async kill() {
      wanted = false;
      await epmd.kill();
    },
  };
}

/** @param {Service} node @param {RabbitmqPorts} ports @param {string} password */
async function becomeReady(node, ports, password) {
  const credentials = Buffer.from(`${RABBITMQ_USER}:${password}`).toString('base64');
  const ready = await waitFor(
    async () => {
      if (!node.isRunning()) return 'ended';
      return (await answers(ports.management, credentials)) && (await isPortOpen(ports.amqp)) ? 'ready' : undefined;
    },
    { timeoutMs: START_TIMEOUT_MS },
  );
  if (ready === 'ready') return;
  const how = ready === 'ended' ? await node.exited : `was not ready in ${START_TIMEOUT_MS / 1000} s`;
  await node.kill();
  throw new ToolError(`RabbitMQ ${how}:\n${tailOf(node.log)}`, {
    hint: `read ${node.log}; or set AMQP_URL to a broker of yours`,
  });
}

/** @param {number} port @param {string} credentials */
async function answers(port, credentials) {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/api/overview`, {
      headers: { authorization: `Basic ${credentials}` },
      signal: AbortSignal.timeout(5_000),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
