// Jobs that do nothing, submitted as any client would.
import amqp from 'amqplib';

/** How often the store is asked whether all are completed, in ms. */
const POLL_MS = 50;

/** @param {number} n */
const noop = (n) => ({ type: 'bench_noop', params: { n } });

/**
 * @param {import('./benches.mjs').Context} context
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<unknown>} the answer's body
 */
async function post({ apiUrl, token }, path, body) {
  const response = await fetch(`${apiUrl}/api/media${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 201)
    throw new Error(`POST ${path} was answered with ${response.status}: ${await response.text()}`);
  return response.json();
}

/** @param {import('./benches.mjs').Context} context @param {number} n */
export const submit = (context, n) => submitJob(context, noop(n));

/** @param {import('./benches.mjs').Context} context @param {{ type: string, params: Record<string, unknown> }} job */
async function submitJob(context, job) {
  const { id } = /** @type {{ id: string }} */ (await post(context, '/jobs', job));
  return id;
}

/**
 * From the submit of a job to its end, in seconds, with what came of it.
 * @param {import('./benches.mjs').Context} context
 * @param {Awaited<ReturnType<typeof watchEnds>>} watch
 * @param {{ type: string, params: Record<string, unknown> }} job
 */
export async function timedJob(context, watch, job) {
  const start = performance.now();
  const id = await submitJob(context, job);
  await watch.completed(id);
  const seconds = (performance.now() - start) / 1000;
  const response = await fetch(`${context.apiUrl}/api/media/jobs/${id}`, {
    headers: { authorization: `Bearer ${context.token}` },
  });
  const ended = /** @type {import('@reelay/contracts').JobDetail} */ (await response.json());
  if (ended.status !== 'completed') throw new Error(`${job.type} is ${ended.status}: ${JSON.stringify(ended.error)}`);
  return { seconds, job: ended };
}

/**
 * From the start of a workflow to its end, in seconds, with what came of it.
 * @param {import('./benches.mjs').Context} context
 * @param {Awaited<ReturnType<typeof watchEnds>>} watch
 * @param {{ template: string, input: Record<string, unknown> }} workflow
 */
export async function timedWorkflow(context, watch, workflow) {
  const start = performance.now();
  const { id } = /** @type {{ id: string }} */ (await post(context, '/workflows', workflow));
  await watch.completed(id);
  const seconds = (performance.now() - start) / 1000;
  const response = await fetch(`${context.apiUrl}/api/media/workflows/${id}`, {
    headers: { authorization: `Bearer ${context.token}` },
  });
  const ended = /** @type {import('@reelay/contracts').WorkflowDetail} */ (await response.json());
  if (ended.status !== 'completed') {
    throw new Error(`${workflow.template} is ${ended.status}: ${JSON.stringify(ended.error)}`);
  }
  return { seconds, workflow: ended };
}

/** @param {import('./benches.mjs').Context} context @param {number} from @param {number} count */
export const submitBulk = (context, from, count) =>
  post(context, '/jobs/bulk', { jobs: Array.from({ length: count }, (_, n) => noop(from + n)) });

/** @param {import('pg').Client} database @returns {Promise<number>} */
export async function countCompleted(database) {
  const { rows } = await database.query(
    "SELECT count(*)::int AS n FROM jobs WHERE type = 'bench_noop' AND status = 'completed'",
  );
  return rows[0].n;
}

/** Waits until this many jobs that do nothing are completed. @param {import('pg').Client} database @param {number} count */
export async function allCompleted(database, count) {
  while ((await countCompleted(database)) < count) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/**
 * Completions as `job_events` tells them.
 * @param {string} amqpUrl
 */
export const watchCompletions = (amqpUrl) => watchEvents(amqpUrl, ['completed']);

/**
 * How jobs and workflows end, well or not.
 * @param {string} amqpUrl
 */
export const watchEnds = (amqpUrl) => watchEvents(amqpUrl, ['completed', 'failed', 'cancelled']);

/** @param {string} amqpUrl @param {readonly string[]} statuses */
async function watchEvents(amqpUrl, statuses) {
  const connection = await amqp.connect(amqpUrl, { noDelay: true });
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  for (const status of statuses) {
    for (const kind of ['job', 'workflow']) await channel.bindQueue(queue, 'job_events', `${kind}.*.${status}`);
  }
  /** @type {Map<string, () => void>} */
  const waiters = new Map();
  const early = new Set();
  await channel.consume(
    queue,
    (message) => {
      const id = message?.fields.routingKey.split('.')[1] ?? '';
      const waiter = waiters.get(id);
      if (!waiter) return void early.add(id);
      waiters.delete(id);
      waiter();
    },
    { noAck: true },
  );
  return {
    /** @param {string} id */
    completed: (id) =>
      early.delete(id)
        ? Promise.resolve()
        : new Promise((/** @type {(value?: unknown) => void} */ resolve) => waiters.set(id, resolve)),
    close: () => connection.close(),
  };
}

/**
 * @param {(n: number) => Promise<unknown>} work
 * @param {number} count
 * @param {number} atOnce
 */
export async function inParallel(work, count, atOnce) {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) await work(next++);
    }),
  );
}
