import { ToolError } from './tool-error.mjs';
import { sleep } from './wait.mjs';

/** RabbitMQ's management API shows figures that may be this old; with some room. */
const FIGURES_LAG_MS = 5_500;
/** Messages that are there after two more turns of the figures stay. */
const EMPTIED_WITHIN_MS = 3 * FIGURES_LAG_MS;

/**
 * @typedef {object} Management RabbitMQ's management API.
 * @property {string} url
 * @property {string} user
 * @property {string} password
 * @property {string} [vhost] default `/`
 *
 * @typedef {{ queue: string, messages: number }} Parked
 * @typedef {{ name: string, messages: number, ready: number, unacknowledged: number }} QueueFigures
 */

/**
 * The order queues and answer queues that hold messages although nothing is under way.
 * @param {Management} management
 * @param {import('./oracle.mjs').Query} query
 * @param {string[]} leftOut told when something is under way
 * @returns {Promise<string[]>}
 */
export async function fullQueues(management, query, leftOut) {
  const startedAt = Date.now();
  for (;;) {
    if (await isBusy(query)) {
      leftOut.push('queues: work is under way, so they may hold messages');
      return [];
    }
    const names = await queuesOfWork(management);
    const full = (await listQueues(management)).filter(({ name, messages }) => names.has(name) && messages > 0);
    const waited = Date.now() - startedAt;
    // An empty queue is believed only once the figures cannot be older than the look.
    if (waited > (full.length === 0 ? FIGURES_LAG_MS : EMPTIED_WITHIN_MS))
      return full.map(
        ({ name, ready, unacknowledged }) => `${name} (${ready} ready, ${unacknowledged} unacknowledged)`,
      );
    await sleep(500);
  }
}

/**
 * Whether a job waits, or an attempt can still be answered. For a job that is lost nobody has to wait.
 * @param {import('./oracle.mjs').Query} query
 * @returns {Promise<boolean>}
 */
export async function isBusy(query) {
  const [row] = await query(
    `SELECT EXISTS (SELECT FROM jobs WHERE status IN ('pending', 'paused'))
         OR EXISTS (SELECT FROM attempts WHERE status IN ('out', 'running')) AS busy`,
  );
  return row.busy;
}

/**
 * The queues that orders and answers go through. An order queue is bound by its own name; others may listen in.
 * @param {Management} management
 * @returns {Promise<Set<string>>}
 */
async function queuesOfWork(management) {
  const { EXCHANGE, QUEUE } = await import('../../libs/contracts/dist/index.js');
  /** @type {{ destination: string, routing_key: string }[] | undefined} */
  const bindings = await get(management, `exchanges/{vhost}/${EXCHANGE.jobSubmit}/bindings/source`);
  const orders = (bindings ?? []).filter(({ destination, routing_key: key }) => destination === key);
  return new Set([
    ...orders.map(({ destination }) => destination),
    ...[QUEUE.jobQueueNotFound, QUEUE.jobCompleted, QUEUE.jobProgression, QUEUE.jobError, QUEUE.jobStopped],
    QUEUE.jobLog,
  ]);
}

/**
 * The queues in which messages wait for a person.
 * @param {readonly QueueFigures[]} queues
 * @returns {Promise<Parked[]>}
 */
export async function parkedMessages(queues) {
  const { QUEUE } = await import('../../libs/contracts/dist/index.js');
  /** @type {string[]} */
  const parking = [QUEUE.jobResponseDead, QUEUE.jobOrderDead, QUEUE.jobResponseNotFound, QUEUE.workerResponseNotFound];
  return queues
    .filter(({ name, messages }) => parking.includes(name) && messages > 0)
    .map(({ name, messages }) => ({ queue: name, messages }));
}

/**
 * Every queue of the virtual host with what it holds.
 * @param {Management} management
 * @returns {Promise<QueueFigures[]>}
 */
export async function listQueues(management) {
  /** @type {any[] | undefined} */
  const queues = await get(management, 'queues/{vhost}');
  if (!queues) throw new ToolError(`RabbitMQ has no virtual host ${management.vhost ?? '/'}.`);
  // A queue that was just declared has no figures yet.
  return queues.map(
    ({ name, messages = 0, messages_ready: ready = 0, messages_unacknowledged: unacknowledged = 0 }) => ({
      name,
      messages,
      ready,
      unacknowledged,
    }),
  );
}

/** @param {Management} management @param {string} path @returns {Promise<any>} undefined for what is not there */
async function get({ url, user, password, vhost = '/' }, path) {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const response = await fetch(`${url}/api/${path.replace('{vhost}', encodeURIComponent(vhost))}`, {
    headers: { authorization },
    signal: AbortSignal.timeout(30_000),
  }).catch((cause) => {
    throw new ToolError("RabbitMQ's management API cannot be reached.", { cause });
  });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new ToolError(`RabbitMQ's management API answered ${response.status}.`);
  return response.json();
}
