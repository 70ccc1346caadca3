import { RESOURCE_CATEGORIES, type ResourceCategory } from '@reelay/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  byPriorityThenAge,
  DEFAULT_CATEGORY_LIMITS,
  planDispatch,
  waitingReasons,
  type DispatchPlan,
  type DispatchSnapshot,
  type PendingJob,
  type WorkerCapacity,
} from './plan-dispatch.js';

const NOW = Date.parse('2026-02-13T10:30:00.000Z');
const HEARD = Date.parse('2026-02-13T10:29:55.250Z');

const job = (id: string, fields: Partial<PendingJob> = {}): PendingJob => ({
  id,
  type: 'validate',
  category: 'cpu',
  priority: 5,
  createdAt: NOW,
  retryAfter: null,
  target: null,
  unroutableSince: null,
  ...fields,
});

const worker = (instanceId: string, fields: Partial<WorkerCapacity> = {}): WorkerCapacity => ({
  instanceId,
  host: `host-of-${instanceId}`,
  jobTypes: ['validate'],
  slots: 1,
  running: 0,
  ...fields,
});

/** A snapshot in which every type that a worker serves, and each of `alsoAnnounced`, was announced. */
function snapshot(
  pending: readonly PendingJob[],
  workers: readonly WorkerCapacity[],
  rest: Partial<DispatchSnapshot> = {},
  alsoAnnounced: readonly string[] = [],
): DispatchSnapshot {
  const types = [...workers.flatMap(({ jobTypes }) => jobTypes), ...alsoAnnounced];
  return {
    pending,
    workers,
    openOrders: [],
    inUse: { cpu: 0, gpu_encode: 0, gpu_ai: 0 },
    limits: { cpu: 100, gpu_encode: 100, gpu_ai: 100 },
    announced: new Map(types.map((type) => [type, HEARD])),
    ...rest,
  };
}

const sent = (plan: DispatchPlan): string[] => plan.dispatch.map(({ id }) => id);
const reasons = (plan: DispatchPlan): Record<string, string> =>
  Object.fromEntries(plan.waiting.map((entry) => [entry.job.id, entry.reason]));

describe('which job goes first', () => {
  it('is decided by priority, 1 before 10, then by age, then by id', () => {
    const jobs = [
      job('young', { createdAt: NOW }),
      job('low', { priority: 10, createdAt: NOW - 9_000 }),
      job('twin-b', { createdAt: NOW - 1_000 }),
      job('twin-a', { createdAt: NOW - 1_000 }),
      job('high', { priority: 1 }),
    ];
    const plan = planDispatch(snapshot(jobs, [worker('w', { slots: 5 })]), NOW);
    expect(sent(plan)).toEqual(['high', 'twin-a', 'twin-b', 'young', 'low']);
  });

  it('leaves the others waiting when slots run out', () => {
    const jobs = [job('old', { createdAt: NOW - 1 }), job('new'), job('urgent', { priority: 1 })];
    const plan = planDispatch(snapshot(jobs, [worker('w', { slots: 2 })]), NOW);
    expect(sent(plan)).toEqual(['urgent', 'old']);
    expect(reasons(plan)).toEqual({ new: 'the worker for job type validate is busy' });
  });
});

describe('a blocked job', () => {
  const serving = worker('w', { jobTypes: ['validate', 'encode'], slots: 3 });
  const next = job('next', { priority: 9 });

  it.each<[string, PendingJob, Partial<DispatchSnapshot>]>([
    ['its retry time', job('blocked', { priority: 1, retryAfter: NOW + 1 }), {}],
    ['its host', job('blocked', { priority: 1, target: 'elsewhere' }), {}],
    ['a worker for its type', job('blocked', { priority: 1, type: 'highlight' }), {}],
    [
      'room in its category',
      job('blocked', { priority: 1, type: 'encode', category: 'gpu_encode' }),
      { limits: { cpu: 5, gpu_encode: 0, gpu_ai: 0 } },
    ],
  ])('that waits for %s blocks no other', (_, blocked, rest) => {
    const plan = planDispatch(snapshot([blocked, next], [serving], rest, ['highlight']), NOW);
    expect(sent(plan)).toEqual(['next']);
    expect(Object.keys(reasons(plan))).toEqual(['blocked']);
  });
});

describe('the limit of a category', () => {
  it('counts what is out and running already', () => {
    const jobs = ['a', 'b', 'c'].map((id) => job(id));
    const plan = planDispatch(
      snapshot(jobs, [worker('w', { slots: 9 })], {
        limits: DEFAULT_CATEGORY_LIMITS,
        inUse: { cpu: 3, gpu_encode: 0, gpu_ai: 0 },
      }),
      NOW,
    );
    expect(sent(plan)).toEqual(['a', 'b']);
    expect(reasons(plan)).toEqual({ c: 'category cpu is at its limit (5 of 5)' });
  });

  it('holds for each category on its own', () => {
    const jobs = [
      job('encode-1', { category: 'gpu_encode' }),
      job('encode-2', { category: 'gpu_encode' }),
      job('tag', { category: 'gpu_ai' }),
    ];
    const limits = { cpu: 0, gpu_encode: 1, gpu_ai: 1 };
    const plan = planDispatch(snapshot(jobs, [worker('w', { slots: 9 })], { limits }), NOW);
    expect(sent(plan)).toEqual(['encode-1', 'tag']);
  });

  it('may be lowered below what runs', () => {
    const rest = { limits: { cpu: 1, gpu_encode: 0, gpu_ai: 0 }, inUse: { cpu: 4, gpu_encode: 0, gpu_ai: 0 } };
    expect(reasons(planDispatch(snapshot([job('a')], [worker('w')], rest), NOW))).toEqual({
      a: 'category cpu is at its limit (4 of 1)',
    });
  });
});

describe('slots', () => {
  it('that running work holds are not free', () => {
    const plan = planDispatch(snapshot([job('a'), job('b')], [worker('w', { slots: 3, running: 2 })]), NOW);
    expect(sent(plan)).toEqual(['a']);
  });

  it('are shared by all the types that a worker serves', () => {
    const jobs = [job('a'), job('b', { type: 'thumbnail' }), job('c', { type: 'thumbnail' })];
    const plan = planDispatch(snapshot(jobs, [worker('w', { jobTypes: ['validate', 'thumbnail'], slots: 2 })]), NOW);
    expect(sent(plan)).toEqual(['a', 'b']);
  });

  it('are booked by orders that no worker has claimed yet', () => {
    const shared = worker('w', { jobTypes: ['validate', 'thumbnail'], slots: 2 });
    const openOrders = [{ type: 'thumbnail', target: null }];
    expect(sent(planDispatch(snapshot([job('a'), job('b')], [shared], { openOrders }), NOW))).toEqual(['a']);
  });

  it('of one host are booked by orders for that host only', () => {
    const workers = [worker('w1', { host: 'one' }), worker('w2', { host: 'two' })];
    const jobs = [job('for-one', { target: 'one' }), job('for-two', { target: 'two' })];
    const openOrders = [{ type: 'validate', target: 'one' }];
    const plan = planDispatch(snapshot(jobs, workers, { openOrders }), NOW);
    expect(sent(plan)).toEqual(['for-two']);
    expect(reasons(plan)).toEqual({ 'for-one': 'the worker for job type validate is busy' });
  });

  it('of several workers are all used, and all have to be taken before a job waits', () => {
    const jobs = ['a', 'b', 'c', 'd'].map((id) => job(id));
    const plan = planDispatch(snapshot(jobs, [worker('w1', { slots: 2 }), worker('w2')]), NOW);
    expect(sent(plan)).toEqual(['a', 'b', 'c']);
    expect(reasons(plan)).toEqual({ d: 'all 2 workers for job type validate are busy' });
  });

  it('are taken where most is free, so that a job for one host still finds room', () => {
    const workers = [worker('small', { host: 'small' }), worker('big', { host: 'big', slots: 4 })];
    const plan = planDispatch(snapshot([job('any', { priority: 1 }), job('here', { target: 'small' })], workers), NOW);
    expect(sent(plan)).toEqual(['any', 'here']);
  });
});

describe('a target host', () => {
  it('takes the job only to that host', () => {
    const workers = [worker('w1', { host: 'one', slots: 9 }), worker('w2', { host: 'two' })];
    const jobs = [job('a', { target: 'two' }), job('b', { target: 'two' })];
    expect(sent(planDispatch(snapshot(jobs, workers), NOW))).toEqual(['a']);
  });

  it('without a live worker is named as the reason', () => {
    const plan = planDispatch(snapshot([job('a', { target: 'gone' })], [worker('w')]), NOW);
    expect(reasons(plan)).toEqual({ a: 'no live worker on host gone serves job type validate' });
  });

  it('is never a worker that announced no host', () => {
    const plan = planDispatch(snapshot([job('a', { target: 'one' })], [worker('w', { host: null })]), NOW);
    expect(sent(plan)).toEqual([]);
  });
});

describe('a type nobody announced', () => {
  const unknown = job('a', { type: 'highlight' });

  it('is sent once, since a worker of another make may serve it without a word', () => {
    expect(sent(planDispatch(snapshot([unknown], []), NOW))).toEqual(['a']);
  });

  it('waits after its order came back', () => {
    const plan = planDispatch(snapshot([{ ...unknown, unroutableSince: NOW - 1 }], [worker('w')]), NOW);
    expect(reasons(plan)).toEqual({ a: 'no worker has announced job type highlight' });
  });

  it('is sent as soon as a worker announces it, though an order came back before', () => {
    const workers = [worker('w', { jobTypes: ['highlight'] })];
    expect(sent(planDispatch(snapshot([{ ...unknown, unroutableSince: NOW - 1 }], workers), NOW))).toEqual(['a']);
  });

  it('keeps to the limit of its category all the same', () => {
    const jobs = [unknown, { ...unknown, id: 'b' }];
    const limits = { cpu: 1, gpu_encode: 0, gpu_ai: 0 };
    expect(sent(planDispatch(snapshot(jobs, [], { limits }), NOW))).toEqual(['a']);
  });
});

describe('a type whose workers are gone', () => {
  it('is not sent: its queue would swallow the order', () => {
    const plan = planDispatch(snapshot([job('a')], [], {}, ['validate']), NOW);
    expect(reasons(plan)).toEqual({ a: 'no live worker serves job type validate since 2026-02-13T10:29:55Z' });
  });
});

describe('a retry', () => {
  it('is sent when its time has come, and not before', () => {
    const jobs = [job('due', { retryAfter: NOW }), job('early', { retryAfter: NOW + 120_000 })];
    const plan = planDispatch(snapshot(jobs, [worker('w', { slots: 2 })]), NOW);
    expect(sent(plan)).toEqual(['due']);
    expect(reasons(plan)).toEqual({ early: 'retries at 2026-02-13T10:32:00Z' });
  });
});

describe('waitingReasons', () => {
  it('says null for a job that could run now', () => {
    const { pending, ...state } = snapshot([job('a'), job('b', { retryAfter: NOW + 1_000 })], [worker('w')]);
    expect(waitingReasons(pending, state, NOW)).toEqual(
      new Map([
        ['a', null],
        ['b', 'retries at 2026-02-13T10:30:01Z'],
      ]),
    );
  });
});

const TYPES: Readonly<Record<string, ResourceCategory>> = {
  validate: 'cpu',
  thumbnail: 'cpu',
  encode: 'gpu_encode',
  tags: 'gpu_ai',
};
const types = fc.constantFrom(...Object.keys(TYPES));
const hosts = fc.constantFrom('one', 'two', 'three');
const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null });
const counts = (max: number): fc.Arbitrary<Record<ResourceCategory, number>> =>
  fc.record({ cpu: fc.nat(max), gpu_encode: fc.nat(max), gpu_ai: fc.nat(max) });

const snapshots: fc.Arbitrary<DispatchSnapshot> = fc
  .record({
    pending: fc.array(
      fc.record({
        type: types,
        priority: fc.integer({ min: 1, max: 10 }),
        age: fc.nat(5),
        retryIn: maybe(fc.integer({ min: -5, max: 5 })),
        target: maybe(hosts),
        unroutable: fc.boolean(),
      }),
      { maxLength: 25 },
    ),
    workers: fc.array(
      fc.record({
        host: maybe(hosts),
        jobTypes: fc.subarray(Object.keys(TYPES)),
        slots: fc.nat(4),
        running: fc.nat(4),
      }),
      { maxLength: 5 },
    ),
    openOrders: fc.array(fc.record({ type: types, target: maybe(hosts) }), { maxLength: 5 }),
    inUse: counts(4),
    limits: counts(6),
    gone: fc.subarray(Object.keys(TYPES)),
  })
  .map(({ pending, workers, gone, ...rest }) =>
    snapshot(
      pending.map(({ type, priority, age, retryIn, target, unroutable }, index) =>
        job(`job-${String(index)}`, {
          type,
          category: TYPES[type]!,
          priority,
          createdAt: NOW - age,
          retryAfter: retryIn === null ? null : NOW + retryIn,
          target,
          unroutableSince: unroutable ? NOW : null,
        }),
      ),
      workers.map((fields, index) => worker(`w${String(index)}`, fields)),
      rest,
      gone,
    ),
  );

/** The same world once the plan was carried out: its orders are out, and the rest still waits. */
const afterwards = (before: DispatchSnapshot, plan: DispatchPlan): DispatchSnapshot => ({
  ...before,
  pending: plan.waiting.map((entry) => entry.job),
  openOrders: [...before.openOrders, ...plan.dispatch],
  inUse: usage(before, plan),
});

function usage({ inUse }: DispatchSnapshot, { dispatch }: DispatchPlan): Record<ResourceCategory, number> {
  const total = { ...inUse };
  for (const { category } of dispatch) total[category]++;
  return total;
}

describe('any plan', () => {
  const always = (rule: (before: DispatchSnapshot, plan: DispatchPlan) => void): void => {
    fc.assert(
      fc.property(snapshots, (before) => {
        rule(before, planDispatch(before, NOW));
      }),
      { numRuns: 300 },
    );
  };

  it('dispatches each pending job or says why it waits', () => {
    always((before, plan) => {
      const accounted = [...sent(plan), ...Object.keys(reasons(plan))];
      expect(accounted.sort()).toEqual(before.pending.map(({ id }) => id).sort());
      for (const { reason } of plan.waiting) expect(reason).not.toBe('');
    });
  });

  it('never goes beyond the limit of a category', () => {
    always((before, plan) => {
      const used = usage(before, plan);
      for (const category of RESOURCE_CATEGORIES) {
        expect(used[category]).toBeLessThanOrEqual(Math.max(before.limits[category], before.inUse[category]));
      }
    });
  });

  it('never sends more to a set of workers than they have slots', () => {
    always((before, plan) => {
      const announced = plan.dispatch.filter(({ type }) => before.announced.has(type));
      for (const group of subsets(before.workers)) {
        const onlyThere = announced.filter((sentJob) =>
          takers(before, sentJob).every((taker) => group.includes(taker)),
        );
        const free = group.reduce((sum, { slots, running }) => sum + Math.max(0, slots - running), 0);
        expect(onlyThere.length).toBeLessThanOrEqual(free);
      }
    });
  });

  it('sends nothing to a host without a worker, and nothing before its retry time', () => {
    always((before, plan) => {
      for (const sentJob of plan.dispatch) {
        expect(sentJob.retryAfter ?? NOW).toBeLessThanOrEqual(NOW);
        if (before.announced.has(sentJob.type)) expect(takers(before, sentJob)).not.toEqual([]);
      }
    });
  });

  it('keeps the order of priority and age', () => {
    always((_, plan) => {
      expect([...plan.dispatch].sort(byPriorityThenAge)).toEqual(plan.dispatch);
    });
  });

  it('is the same when planned twice, and changes nothing that it was given', () => {
    always((before, plan) => {
      const copy = structuredClone(before);
      expect(planDispatch(before, NOW)).toEqual(plan);
      expect(before).toEqual(copy);
    });
  });

  it('leaves nothing that could be sent: once it is carried out, the next plan is empty', () => {
    always((before, plan) => {
      expect(planDispatch(afterwards(before, plan), NOW).dispatch).toEqual([]);
    });
  });

  it('agrees with the reasons that are shown for what waits', () => {
    always((before, plan) => {
      const { pending, ...state } = afterwards(before, plan);
      for (const reason of waitingReasons(pending, state, NOW).values()) expect(reason).not.toBeNull();
    });
  });
});

const takers = ({ workers }: DispatchSnapshot, { type, target }: PendingJob): WorkerCapacity[] =>
  workers.filter(({ jobTypes, host }) => jobTypes.includes(type) && (target === null || host === target));

const subsets = <T>(items: readonly T[]): T[][] =>
  items.reduce<T[][]>((all, item) => [...all, ...all.map((set) => [...set, item])], [[]]);
