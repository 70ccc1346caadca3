// From POST to completed on an idle stack, for a job that does nothing, beside the bare loop.
import { performance } from 'node:perf_hooks';
import amqp from 'amqplib';

const WARM_UP = 30;

/** @param {number[]} sorted @param {number} share */
const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;

/** @param {number[]} samples in ms */
function summary(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  return { p50: round(percentile(sorted, 0.5)), p99: round(percentile(sorted, 0.99)) };
}

/** @param {number} ms */
const round = (ms) => Math.round(ms * 100) / 100;

/**
 * Completions as `job_events` tells them.
 * @param {string} amqpUrl
 */
export async function watchCompletions(amqpUrl) {
  const connection = await amqp.connect(amqpUrl, { noDelay: true });
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, 'job_events', 'job.*.completed');
  /** @type {Map<string, () => void>} */
  const waiters = new Map();
  const early = new Set();
  await channel.consume(
    queue,
    (message) => {
      const id = message?.fields.routingKey.split('.')[1] ?? '';
      const waiter = waiters.get(id);
      if (waiter) waiter();
      else early.add(id);
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
 * @param {{ apiUrl: string, token: string }} api
 * @param {Awaited<ReturnType<typeof watchCompletions>>} watch
 * @param {number} n
 */
export async function runJob({ apiUrl, token }, watch, n) {
  const response = await fetch(`${apiUrl}/api/media/jobs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'bench_noop', params: { n } }),
  });
  if (response.status !== 201) throw new Error(`POST was answered with ${response.status}: ${await response.text()}`);
  const { id } = /** @type {{ id: string }} */ (await response.json());
  await watch.completed(id);
}

/** @param {() => Promise<void>} work */
async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * Times both, turn by turn, so that whatever else the machine does falls on both.
 * @param {{ apiUrl: string, token: string, amqpUrl: string, samples: number, bare: { run: (n: number) => Promise<void> } }} options
 */
export async function measureIdleLatency({ apiUrl, token, amqpUrl, samples, bare }) {
  const watch = await watchCompletions(amqpUrl);
  /** @type {{ reelay: number[], bare: number[] }} */
  const times = { reelay: [], bare: [] };
  try {
    for (let n = 0; n < samples + WARM_UP; n++) {
      const ofBare = await timed(() => bare.run(n));
      const ofReelay = await timed(() => runJob({ apiUrl, token }, watch, n));
      if (n < WARM_UP) continue;
      times.bare.push(ofBare);
      times.reelay.push(ofReelay);
    }
  } finally {
    await watch.close();
  }
  const [reelay, reference] = [summary(times.reelay), summary(times.bare)];
  return {
    bench: 'idle_latency_ms',
    what: 'from POST to completed, a job that does nothing, one at a time',
    samples,
    reelay,
    bare: reference,
    ratio: { p50: round(reelay.p50 / reference.p50), p99: round(reelay.p99 / reference.p99) },
  };
}
