import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineJobType, encodeParameters } from '@reelay/contracts';
import type { Delivery, OutgoingMessage } from '@reelay/messaging';
import { createLogger } from '@reelay/platform';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { JobError } from './errors.js';
import { noRecords } from './library-records.js';
import { OrderHandler } from './order-handler.js';
import type { DeliveredOrder } from './order-intake.js';
import type { JobContext, JobProcessor } from './processor.js';
import { RunningJobs } from './running-jobs.js';
import { WorkDirs } from './work-dirs.js';

const contract = defineJobType('steps', {
  category: 'cpu',
  vramMb: 0,
  label: 'Steps',
  shortDescription: 'Steps',
  description: 'Steps.',
  parameters: z.strictObject({}),
  result: z.object({}),
});

const STEPS = ['probe', 'encode', 'verify', 'publish', 'tidy'] as const;
type Step = (typeof STEPS)[number];

/** Where a job has its output, and whether it is published. */
class Outputs {
  partial = false;
  published = false;
}

const done = Promise.resolve();

/** Goes through its steps one by one, and calls `at` in each; as media work does, it cannot be stopped once it published. */
const stepping = (outputs: Outputs, at: (step: Step, job: JobContext) => Promise<unknown>): JobProcessor => ({
  contract,
  process: async (_, job) => {
    try {
      for (const step of STEPS) {
        await at(step, job);
        await writeFile(join(job.workDir, step), step);
        outputs.partial = true;
        if (step === 'publish') outputs.published = true;
        if (!outputs.published) job.signal.throwIfAborted();
      }
      return { destinationPaths: ['a.mp4'], result: {} };
    } finally {
      outputs.partial = false;
    }
  },
});

interface Settled {
  readonly delivery: Delivery;
  readonly how: string[];
}

function deliveryOf(content: unknown): Settled {
  const how: string[] = [];
  const delivery = {
    message: { content: Buffer.from(JSON.stringify(content)), properties: { correlationId: 'c-1' } },
    ack: () => how.push('ack'),
    ackUpToHere: () => how.push('ack up to here'),
    nack: ({ requeue }: { requeue: boolean }) => how.push(requeue ? 'requeue' : 'dead'),
  } as unknown as Delivery;
  return { delivery, how };
}

const orderOf = (attemptId: number, delivery?: Settled): DeliveredOrder => ({
  jobType: 'steps',
  delivery: (delivery ?? deliveryOf({ job_id: attemptId, parameters: encodeParameters({}) })).delivery,
});

let folder: string;
let workDirs: WorkDirs;
let sent: OutgoingMessage[];
let jobs: RunningJobs;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-handler-'));
  workDirs = new WorkDirs(folder);
  await workDirs.open();
  sent = [];
  jobs = new RunningJobs(1, () => undefined);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const handlerOf = (
  processor: JobProcessor,
  publish: () => Promise<'routed'> = () => Promise.resolve('routed'),
  onConfirmed: () => void = () => undefined,
) =>
  new OrderHandler({
    instanceId: 'w-1',
    processors: new Map([['steps', processor]]),
    logger: createLogger({ name: 'test', level: 'silent' }),
    publisher: {
      publish: (message) => {
        sent.push(message);
        return publish();
      },
    },
    outbox: {
      send: () => undefined,
      deliver: async (message) => {
        sent.push(message);
        await sleep(5);
        onConfirmed();
      },
    },
    jobs,
    workDirs,
    recordsFor: () => noRecords(() => undefined),
  });

const answers = (): string[] => sent.map(({ routingKey }) => routingKey);
const foldersLeft = async (): Promise<string[]> => readdir(join(folder, String(process.pid)));

describe('an attempt that is stopped', () => {
  it.each([
    ['probe', 'job_stopped'],
    ['encode', 'job_stopped'],
    ['verify', 'job_stopped'],
    // It has its name by then, and who saw it shall find it.
    ['tidy', 'job_completed'],
  ] as const)('in %s is answered by %s, and leaves no temporary files', async (when, answer) => {
    const outputs = new Outputs();
    const processor = stepping(outputs, (step, { signal }) => {
      if (step !== when) return done;
      setTimeout(() => jobs.stop(7), 40);
      return new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
    });
    const order = deliveryOf({ job_id: 7, parameters: [] });
    await handlerOf(processor).take(orderOf(7, order));
    expect(answers()).toEqual(['job_progression', answer]);
    expect(order.how[0]).toBe('ack');
    expect(outputs.partial).toBe(false);
    expect(await foldersLeft()).toEqual([]);
  });

  it('says why', async () => {
    const processor = stepping(new Outputs(), () => sleep(40));
    const ended = handlerOf(processor).take(orderOf(7));
    jobs.stopAll();
    await ended;
    expect(sent.at(-1)?.content).toMatchObject({ job_id: 7, status: 'stopped', reelay: { reason: 'shutdown' } });
  });

  it('before it was begun is answered all the same, and never begins', async () => {
    const handler = handlerOf(stepping(new Outputs(), () => Promise.reject(new Error('it began'))));
    const order = deliveryOf({ job_id: 7, parameters: [] });
    await handler.refuse(orderOf(7, order));
    expect(answers()).toEqual(['job_stopped']);
    expect(sent[0]).toMatchObject({ correlationId: 'c-1', content: { job_id: 7, reelay: { reason: 'cancelled' } } });
    expect([order.how, jobs.knows(7)]).toEqual([['ack'], true]);
    // Its order is delivered again when the acknowledgement was lost.
    await handler.take(orderOf(7));
    expect(answers()).toEqual(['job_stopped']);
  });
});

describe('an attempt that is paused', () => {
  it('is seen as paused by its processor, and ends well after it was resumed', async () => {
    const seen: boolean[] = [];
    const processor = stepping(new Outputs(), async (step, { pause }) => {
      if (step !== 'encode') return;
      jobs.pause(7);
      seen.push(pause.paused);
      setTimeout(() => jobs.resume(7), 40);
      await new Promise<void>((resolve) => {
        pause.onChange(resolve);
      });
      seen.push(pause.paused);
    });
    await handlerOf(processor).take(orderOf(7));
    expect([seen, answers().at(-1)]).toEqual([[true, false], 'job_completed']);
  });
});

describe('what a completed attempt leaves to be cleaned up', () => {
  const leaving = (file: string, end: () => Promise<unknown>): JobProcessor => ({
    contract,
    process: async (_, job) => {
      await writeFile(file, '');
      job.afterCompleted(() => rm(file));
      await end();
      return { destinationPaths: [], result: {} };
    },
  });

  it('goes when the broker has the answer, where the backend would not say more', async () => {
    const file = join(folder, 'marker');
    const handler = handlerOf(leaving(file, () => done));
    await handler.take(orderOf(7));
    await handler.cleanedUp(1_000);
    expect([answers(), existsSync(file)]).toEqual([['job_completed'], false]);
  });

  it('is there for as long as the broker does not have the answer, whatever the backend', async () => {
    const file = join(folder, 'marker');
    const handler = handlerOf(
      leaving(file, () => done),
      undefined,
      () => {
        expect(existsSync(file)).toBe(true);
      },
    );
    await handler.take(orderOf(7));
    await handler.cleanedUp(1_000);
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    ['goes when the backend has taken the answer', true, false],
    ['stays when that was of no use any more: the attempt that counts may need it', false, true],
  ])('%s, and keeps no slot until then', async (_, taken, stays) => {
    const file = join(folder, 'marker');
    const handler = handlerOf(leaving(file, () => done));
    const reelay = { job: '770e8400-e29b-41d4-a716-446655440002', attempt: 1, type: 'steps' };
    await handler.take(orderOf(7, deliveryOf({ job_id: 7, parameters: [], reelay })));
    expect([sent[0]?.content, jobs.hasFreeSlot, existsSync(file)]).toMatchObject([
      { reelay: { confirm: true } },
      true,
      true,
    ]);
    handler.answerTaken(7, { taken, over: false });
    await handler.cleanedUp(1_000);
    expect(existsSync(file)).toBe(stays);
  });

  it('stays when it failed, for the next attempt', async () => {
    const file = join(folder, 'marker');
    await handlerOf(leaving(file, () => Promise.reject(new Error('no')))).take(orderOf(7));
    expect([answers(), existsSync(file)]).toEqual([['job_error'], true]);
  });

  const undoing = (file: string, end: () => Promise<unknown>): JobProcessor => ({
    contract,
    process: async (_, job) => {
      await writeFile(file, '');
      job.afterFailed(() => rm(file));
      await end();
      return { destinationPaths: [], result: {} };
    },
  });

  it.each([
    ['undone when no retry helps', false, false],
    ['kept for a retry', true, true],
  ])('is %s, where the backend would not say more', async (_, retryable, stays) => {
    const file = join(folder, 'output');
    const handler = handlerOf(undoing(file, () => Promise.reject(new JobError('ENCODER_CRASHED', 'no', retryable))));
    await handler.take(orderOf(7));
    await handler.cleanedUp(1_000);
    expect(existsSync(file)).toBe(stays);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['failed', () => Promise.reject(new JobError('ENCODER_CRASHED', 'no', true)), 'job_error'],
    [
      'was stopped',
      () => {
        jobs.stop(7);
        return Promise.reject(new Error('stopped'));
      },
      'job_stopped',
    ],
    ['completed too late', () => done, 'job_completed'],
  ])('is undone when it %s and the job is over, and else kept', async (_, end, key) => {
    for (const over of [false, true]) {
      const file = join(folder, String(over));
      const handler = handlerOf(undoing(file, end));
      const reelay = { job: '770e8400-e29b-41d4-a716-446655440002', attempt: 1, type: 'steps' };
      await handler.take(orderOf(7, deliveryOf({ job_id: 7, parameters: [], reelay })));
      expect([answers().at(-1), sent.at(-1)?.content, existsSync(file)]).toMatchObject([
        key,
        { reelay: { confirm: true } },
        true,
      ]);
      handler.answerTaken(7, { taken: false, over });
      await handler.cleanedUp(1_000);
      expect(existsSync(file)).toBe(!over);
      jobs = new RunningJobs(1, () => undefined);
    }
  });

  it('is not the concern of the answer when it cannot be removed', async () => {
    const file = join(folder, 'marker');
    const processor = leaving(file, () => rm(file));
    const handler = handlerOf(processor);
    await handler.take(orderOf(7));
    await handler.cleanedUp(1_000);
    expect([answers(), jobs.hasFreeSlot]).toEqual([['job_completed'], true]);
  });
});

describe('an order', () => {
  it('that cannot be read, or is of a type not served, goes to the dead orders', async () => {
    const handler = handlerOf(stepping(new Outputs(), () => done));
    const unread = deliveryOf({ parameters: [] });
    await handler.take(orderOf(7, unread));
    const unserved = deliveryOf({ job_id: 8, parameters: [] });
    await handler.take({ jobType: 'other', delivery: unserved.delivery });
    expect([unread.how, unserved.how, sent]).toEqual([['dead'], ['dead'], []]);
  });

  it('whose claim is not confirmed goes back, with nothing said or left', async () => {
    const outputs = new Outputs();
    const processor = stepping(outputs, (step) => (step === 'encode' ? sleep(60) : done));
    const order = deliveryOf({ job_id: 7, parameters: [] });
    await handlerOf(processor, () => Promise.reject(new Error('the broker went away'))).take(orderOf(7, order));
    expect([order.how, answers(), jobs.knows(7), outputs.partial]).toEqual([
      ['requeue'],
      ['job_progression'],
      false,
      false,
    ]);
    expect(await foldersLeft()).toEqual([]);
  });

  it.each([
    ['acknowledged when the claim is confirmed', () => Promise.resolve('routed' as const), 'ack'],
    ['given back when it is not', () => Promise.reject(new Error('the broker went away')), 'requeue'],
  ])('that comes again while its claim is under way is %s', async (_what, answer, how) => {
    let confirm = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      confirm = resolve;
    });
    const processor = stepping(new Outputs(), (step) => (step === 'encode' ? sleep(60) : done));
    const [first, again] = [deliveryOf({ job_id: 7, parameters: [] }), deliveryOf({ job_id: 7, parameters: [] })];
    const handler = handlerOf(processor, async () => {
      await asked;
      return answer();
    });
    const taken = handler.take(orderOf(7, first));
    const takenAgain = handler.take(orderOf(7, again));
    await sleep(50);
    expect([first.how, again.how]).toEqual([[], []]);
    confirm();
    await Promise.all([taken, takenAgain]);
    expect([first.how[0], again.how]).toEqual([how, [how]]);
  });
});
