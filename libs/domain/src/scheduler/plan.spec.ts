import { describe, expect, it } from 'vitest';
import { effectivePriority } from './order.js';
import { planDispatch, waitingReasons } from './plan.js';
import { attempt, job, NOW, reasons, sent, snapshot, worker } from './samples.js';
import { DEFAULT_CATEGORY_LIMITS, type DispatchSnapshot, type PendingJob } from './snapshot.js';

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
        attempts: [attempt(), attempt(), attempt({ status: 'out' })],
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
    const rest = { limits: { cpu: 1, gpu_encode: 0, gpu_ai: 0 }, attempts: Array.from({ length: 4 }, () => attempt()) };
    expect(reasons(planDispatch(snapshot([job('a')], [worker('w')], rest), NOW))).toEqual({
      a: 'category cpu is at its limit (4 of 1)',
    });
  });
});

describe('slots', () => {
  it('that running work holds are not free', () => {
    const attempts = [attempt({ instanceId: 'w' }), attempt({ instanceId: 'w' })];
    const plan = planDispatch(snapshot([job('a'), job('b')], [worker('w', { slots: 3 })], { attempts }), NOW);
    expect(sent(plan)).toEqual(['a']);
  });

  it('are shared by all the types that a worker serves', () => {
    const jobs = [job('a'), job('b', { type: 'thumbnail' }), job('c', { type: 'thumbnail' })];
    const plan = planDispatch(snapshot(jobs, [worker('w', { jobTypes: ['validate', 'thumbnail'], slots: 2 })]), NOW);
    expect(sent(plan)).toEqual(['a', 'b']);
  });

  it('are booked by orders that no worker has claimed yet', () => {
    const shared = worker('w', { jobTypes: ['validate', 'thumbnail'], slots: 2 });
    const attempts = [attempt({ type: 'thumbnail', status: 'out' })];
    expect(sent(planDispatch(snapshot([job('a'), job('b')], [shared], { attempts }), NOW))).toEqual(['a']);
  });

  it('of one host are booked by orders for that host only', () => {
    const workers = [worker('w1', { host: 'one' }), worker('w2', { host: 'two' })];
    const jobs = [job('for-one', { target: 'one' }), job('for-two', { target: 'two' })];
    const attempts = [attempt({ status: 'out', target: 'one' })];
    const plan = planDispatch(snapshot(jobs, workers, { attempts }), NOW);
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

  it('says null exactly for what the plan sends, though each of the jobs alone could run', () => {
    const state = snapshot([job('first', { priority: 1 })], [worker('w')]);
    expect(waitingReasons([job('second')], state, NOW).get('second')).toBe('the worker for job type validate is busy');
  });
});

describe('ageing', () => {
  const waitedMs = 25 * 60_000;
  const jobs = [job('urgent', { priority: 3 }), job('patient', { priority: 5, createdAt: NOW - waitedMs })];

  it('lifts a job by one level for each period that it waited', () => {
    const [, patient] = jobs;
    const ageing = { everyMs: 10 * 60_000 };
    expect(effectivePriority(patient!, ageing, NOW)).toBe(3);
    expect(sent(planDispatch(snapshot(jobs, [worker('w')], { ageing }), NOW))).toEqual(['patient']);
  });

  it('is off by default, and never lifts above the highest priority', () => {
    expect(sent(planDispatch(snapshot(jobs, [worker('w')]), NOW))).toEqual(['urgent']);
    expect(effectivePriority(jobs[1]!, { everyMs: 1 }, NOW)).toBe(1);
    expect(effectivePriority(job('from-tomorrow', { createdAt: NOW + 9_000 }), { everyMs: 1 }, NOW)).toBe(5);
  });
});

describe('a pause', () => {
  it.each<[string, Partial<DispatchSnapshot>]>([
    ['the queue is paused', { queuePaused: true }],
    ['the queue is paused by admin', { queuePaused: true, queuePausedBy: 'admin' }],
    ['job type validate is paused', { pausedTypes: new Set(['validate']) }],
    ['category cpu is paused', { pausedCategories: new Set(['cpu'] as const) }],
  ])('is told: %s', (reason, rest) => {
    expect(reasons(planDispatch(snapshot([job('a')], [worker('w')], rest), NOW))).toEqual({ a: reason });
  });

  it('of a type stops no other type', () => {
    const jobs = [job('a', { priority: 1 }), job('b', { type: 'thumbnail' })];
    const serving = worker('w', { jobTypes: ['validate', 'thumbnail'] });
    const plan = planDispatch(snapshot(jobs, [serving], { pausedTypes: new Set(['validate']) }), NOW);
    expect(sent(plan)).toEqual(['b']);
  });

  it('of a running attempt gives its slot and its place in the category to others', () => {
    const rest = {
      limits: { cpu: 1, gpu_encode: 0, gpu_ai: 0 },
      attempts: [attempt({ instanceId: 'w', holdsSlot: false })],
    };
    expect(sent(planDispatch(snapshot([job('a')], [worker('w')], rest), NOW))).toEqual(['a']);
  });
});
