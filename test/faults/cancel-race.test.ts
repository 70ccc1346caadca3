import type { JobDetail, JobEvent } from '@reelay/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { attemptStates } from '../support/encodes.js';
import { EventStream } from '../support/event-stream.js';
import { eventually, sleep } from '../support/eventually.js';
import { expectSound } from '../support/oracle.js';
import { randomFrom, SEED } from '../support/random.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

const JOBS = Number(process.env.FAULT_CANCELS ?? 100);
/** Jobs that are cancelled at the same time. */
const AT_ONCE = 5;
/** How far the moment of the cancel moves after each outcome at most, towards the moment of the completion. */
const STEP_MS = 30;
/** Over which the moment is spread by chance. */
const SPREAD_MS = 30;
/** The least share of either outcome: with less, the two hardly met. */
const LEAST_SHARE = 0.1;

let reelay: Reelay;
let worker: TestWorker;
let events: EventStream;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { backend: 2 } });
  worker = await startTestWorker(reelay, 'holding', 'racer', { WORKER_DEVICES: 'gpu0:100000', WORKER_SLOTS: '20' });
  await eventually('the worker is announced', async () => (await reelay.api.workers()).length === 1);
  await reelay.api.call('PATCH', '/api/media/settings', { limits: { gpu_ai: 100 } });
  events = await EventStream.open(`${reelay.stack.apiUrl}/api/media/events`, reelay.stack.token);
});
afterAll(async () => {
  events.close();
  await worker.stop();
  await reelay.stop();
});

interface Outcome {
  readonly id: string;
  /** What the cancel was answered with. */
  readonly status: number;
}

/** Cancels at one of the backends. */
async function cancel(id: string, backend: number): Promise<number> {
  const response = await fetch(`${reelay.stack.apiUrls[backend] ?? ''}/api/media/jobs/${id}/cancel`, {
    method: 'POST',
    headers: { authorization: `Bearer ${reelay.stack.token}` },
  });
  const body = (await response.json()) as JobDetail;
  if (response.status === 200) expect(body.status).toBe('cancelled');
  return response.status;
}

/** Runs jobs one after the other, each cancelled about when it ends: the moment follows what happened last. */
async function race(count: number, seconds: number, random: () => number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let delay = 50 + seconds * 1_000;
  while (outcomes.length < count) {
    const id = await reelay.api.submit('hold_vram', { seconds });
    await sleep(delay + random() * SPREAD_MS);
    const status = await cancel(id, random() < 0.5 ? 0 : 1);
    outcomes.push({ id, status });
    delay = Math.max(0, delay + (status === 200 ? STEP_MS : -STEP_MS) * random());
  }
  return outcomes;
}

const finalEventsOf = (id: string): string[] =>
  events.events
    .map(({ data }) => data as JobEvent)
    .filter((event) => event.id === id && ['completed', 'cancelled', 'failed'].includes(event.status))
    .map(({ status }) => status);

it(`a cancel and a completion that meet ${String(JOBS)} times: one wins, and all agree which (seed ${String(SEED)})`, async () => {
  const random = randomFrom(SEED);
  // Some end before they are claimed, others are claimed first.
  const runs = Array.from({ length: AT_ONCE }, (_, n) => race(JOBS / AT_ONCE, n % 2 === 0 ? 0 : 0.05, random));
  const outcomes = (await Promise.all(runs)).flat();
  const cancelled = outcomes.filter(({ status }) => status === 200).length;
  process.stdout.write(`seed ${String(SEED)}: ${String(cancelled)} of ${String(outcomes.length)} cancelled\n`);
  expect(outcomes.map(({ status }) => status).filter((status) => status !== 200 && status !== 409)).toEqual([]);
  expect(cancelled / outcomes.length).toBeGreaterThan(LEAST_SHARE);
  expect(cancelled / outcomes.length).toBeLessThan(1 - LEAST_SHARE);
  await expectSound(reelay, { accepted: JOBS, ok: JOBS - cancelled, cancelled });
  for (const { id, status } of outcomes) {
    const expected = status === 200 ? 'cancelled' : 'completed';
    expect((await reelay.api.job(id)).status).toBe(expected);
    expect(await eventually('its end is told', () => finalEventsOf(id).length > 0 && finalEventsOf(id))).toEqual([
      expected,
    ]);
    const states = await attemptStates(reelay, id);
    // Work that was at its end when the cancel came is recorded as what it was; the job stays cancelled.
    const allowed = status === 200 ? [[], ['returned'], ['stopped'], ['completed']] : [['completed']];
    expect(allowed).toContainEqual(states);
  }
}, 900_000);
