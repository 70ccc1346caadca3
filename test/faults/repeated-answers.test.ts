import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, sleep } from '../support/eventually.js';
import { expectSound } from '../support/oracle.js';
import { randomFrom, SEED, shuffled } from '../support/random.js';
import { RawClient, type HeardMessage } from '../support/raw-client.js';
import { RawWorker, type RawOrder } from '../support/raw-worker.js';
import { startReelay, type Reelay } from '../support/reelay.js';

/** `npm run faults` takes more jobs and a longer flood. */
const JOBS = Number(process.env.FAULT_REPEATED_JOBS ?? 10);
const FLOOD_SECONDS = Number(process.env.FAULT_FLOOD_SECONDS ?? 5);
const FLOOD_PER_SECOND = 5_000;
const FLOOD_STEP_MS = 20;
/** Attempts that the flood is about. */
const FLOODED = 100;
/** Completions that are timed beside the flood, and without it. */
const TIMED = 30;
/** What the flood may do to the time of a completion; behind the flood it would take as long as the flood. */
const SLOWER_AT_MOST = 50;
const MORE_MEMORY_AT_MOST_MB = 300;

let reelay: Reelay;
let ear: RawClient;
let events: HeardMessage[];

beforeAll(async () => {
  reelay = await startReelay();
  ear = await RawClient.connect(reelay.amqpUrl);
  events = await ear.overhear('job_events', 'job.#');
});
afterAll(async () => {
  await ear.close();
  await reelay.stop();
});

const statusesOf = (job: string): string[] =>
  events.flatMap(({ content }) => {
    const { id, status } = content as { id: string; status: string };
    return id === job ? [status] : [];
  });

const untilProgress = (job: string, percent: number, withinMs?: number): Promise<boolean> =>
  eventually(`progress ${String(percent)}`, async () => (await reelay.api.job(job)).progress === percent, withinMs);

/** Submits jobs of a worker's type and waits until it has their orders. */
async function ordersOf(worker: RawWorker, type: string, count: number): Promise<readonly RawOrder[]> {
  const had = worker.orders.length;
  const jobs = Array.from({ length: count }, (_, n) => ({ type, params: { n } }));
  expect((await reelay.api.call('POST', '/api/media/jobs/bulk', { jobs })).status).toBe(201);
  return (await worker.holds(had + count)).slice(had);
}

/** Queues keep their order: once the answers about one more job are heard of, all earlier ones are applied. */
async function allAnswersApplied(worker: RawWorker, type: string): Promise<void> {
  const [last] = await ordersOf(worker, type, 1);
  worker.progress(last!.attempt, 1, 33);
  await untilProgress(last!.job, 33, 120_000);
  worker.complete(last!.attempt, 2);
  await eventually('the last completion', () => statusesOf(last!.job).includes('completed'));
}

describe(`answers that come again and out of order (seed ${String(SEED)})`, () => {
  const random = randomFrom(SEED);
  let worker: RawWorker;
  beforeAll(async () => {
    worker = await RawWorker.start(reelay, 'repeated', 1_000);
  });
  afterAll(() => worker.stop());

  const thrice = (send: () => void): void => {
    for (let n = 0; n < 3; n++) send();
  };

  async function completedOnce(orders: readonly RawOrder[]): Promise<void> {
    for (const { job } of orders) {
      const done = await reelay.api.until(job, 'completed');
      expect([done.progress, done.retryCount]).toEqual([100, 0]);
    }
    await allAnswersApplied(worker, 'repeated');
    for (const { job } of orders) {
      const statuses = statusesOf(job);
      expect(statuses.filter((status) => status === 'completed')).toHaveLength(1);
      expect(statuses.at(-1)).toBe('completed');
    }
  }

  it('each three times: every job is completed once', async () => {
    const orders = await ordersOf(worker, 'repeated', JOBS);
    for (const { attempt } of orders) {
      for (const seq of [1, 2, 3])
        thrice(() => {
          worker.progress(attempt, seq, (seq - 1) * 45);
        });
    }
    for (const { job } of orders) await untilProgress(job, 90);
    for (const { attempt } of orders)
      thrice(() => {
        worker.complete(attempt, 4);
      });
    await completedOnce(orders);
  });

  it('completed, then started, then progress: it stays completed', async () => {
    const orders = await ordersOf(worker, 'repeated', JOBS);
    for (const { attempt, job } of orders) {
      worker.complete(attempt, 3);
      await reelay.api.until(job, 'completed');
      worker.progress(attempt, 1, 0);
      worker.progress(attempt, 2, 50);
    }
    await completedOnce(orders);
  });

  it('progress in any order: it never falls, and the highest is kept', async () => {
    const orders = await ordersOf(worker, 'repeated', JOBS);
    const reports = orders.flatMap(({ attempt }) =>
      [0, 15, 30, 45, 60, 75, 90].map((percent, index) => ({ attempt, seq: index + 1, percent })),
    );
    for (const { attempt, seq, percent } of shuffled(random, reports)) worker.progress(attempt, seq, percent);
    for (const { job } of orders) await untilProgress(job, 90);
    for (const { job } of orders) {
      const heard = events.flatMap(({ content }) => {
        const { id, progress } = content as { id: string; progress: number };
        return id === job ? [progress] : [];
      });
      expect(heard).toEqual([...heard].sort((a, b) => a - b));
    }
    for (const { attempt } of orders) worker.complete(attempt, 8);
    await completedOnce(orders);
  });

  it('an error three times costs one retry', async () => {
    const orders = await ordersOf(worker, 'repeated', JOBS);
    for (const { attempt } of orders)
      thrice(() => {
        worker.fail(attempt, 1);
      });
    const [last] = await ordersOf(worker, 'repeated', 1);
    worker.fail(last!.attempt, 1);
    const retried = ['pending', 'queued', 'pending'];
    await eventually('the last error', () => statusesOf(last!.job).length >= retried.length);
    for (const { job } of [...orders, last!]) {
      expect((await reelay.api.job(job)).retryCount).toBe(1);
      expect(statusesOf(job)).toEqual(retried);
      await reelay.api.call('POST', `/api/media/jobs/${job}/cancel`);
    }
  });

  it('leave nothing in the records that should not be', async () => {
    await expectSound(reelay, { ok: 3 * JOBS + 3, cancelled: JOBS + 1 });
  });
});

describe(`${String(FLOOD_PER_SECOND)} progressions a second for ${String(FLOOD_SECONDS)} s`, () => {
  let worker: RawWorker;
  let flooder: RawWorker;
  beforeAll(async () => {
    worker = await RawWorker.start(reelay, 'timed', 1_000);
    flooder = await RawWorker.start(reelay, 'flooding', 1_000);
  });
  afterAll(async () => {
    await worker.stop();
    await flooder.stop();
  });

  /** Completes jobs one by one. @returns the median time from the answer to the news of it, in ms */
  async function timeOfCompletion(): Promise<number> {
    const times: number[] = [];
    for (const { attempt, job } of await ordersOf(worker, 'timed', TIMED)) {
      const sentAt = performance.now();
      worker.complete(attempt, 1);
      await eventually('it is completed', () => statusesOf(job).includes('completed'), 60_000);
      times.push(performance.now() - sentAt);
    }
    return times.sort((a, b) => a - b)[TIMED / 2]!;
  }

  /** Sends the flood's rate until `over`. @returns how many were sent */
  async function flood(orders: readonly RawOrder[], over: () => boolean): Promise<number> {
    const startedAt = performance.now();
    let sent = 0;
    while (!over()) {
      const due = ((performance.now() - startedAt) * FLOOD_PER_SECOND) / 1_000;
      for (; sent < due; sent++) {
        const { attempt } = orders[sent % orders.length]!;
        // Each says something new, so that none is spared.
        flooder.progress(attempt, Math.floor(sent / orders.length) + 1, (sent / 100) % 90);
      }
      await sleep(FLOOD_STEP_MS);
    }
    await flooder.client.confirmed();
    return sent;
  }

  it('delay no completion behind them, and the backend keeps its size', async () => {
    const orders = await ordersOf(flooder, 'flooding', FLOODED);
    const quiet = await timeOfCompletion();
    const before = await memoryOf('backend-1');
    let most = before;
    const startedAt = performance.now();
    let timed = 0;
    let over = false;
    const isOver = (): boolean => over;
    const flooding = flood(orders, isOver);
    const sampling = (async () => {
      while (!isOver()) {
        most = Math.max(most, await memoryOf('backend-1'));
        await sleep(200);
      }
    })();
    do timed = Math.max(timed, await timeOfCompletion());
    while (performance.now() - startedAt < FLOOD_SECONDS * 1_000);
    over = true;
    const sent = await flooding;
    await sampling;
    const figures = { quiet, timed, sent, before, most };
    process.stdout.write(`flood: ${JSON.stringify(figures)}\n`);
    expect(sent).toBeGreaterThan(FLOOD_SECONDS * FLOOD_PER_SECOND * 0.9);
    expect(timed).toBeLessThan(quiet * SLOWER_AT_MOST);
    expect(most - before).toBeLessThan(MORE_MEMORY_AT_MOST_MB);
    await allAnswersApplied(flooder, 'flooding');
    for (const { attempt, job } of orders) {
      expect((await reelay.api.job(job)).status).toBe('running');
      flooder.complete(attempt, Number.MAX_SAFE_INTEGER);
    }
    for (const { job } of orders) await reelay.api.until(job, 'completed', 60_000);
  }, 600_000);
});

/** MB that a process of the stack holds in memory. */
async function memoryOf(name: string): Promise<number> {
  const pid = reelay.stack.processes().find((entry) => entry.name === name)?.pid ?? 0;
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}
