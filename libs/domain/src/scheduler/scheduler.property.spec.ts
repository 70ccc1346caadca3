import { RESOURCE_CATEGORIES, type ResourceCategory } from '@reelay/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainJob } from './explain.js';
import { effectivePriority } from './order.js';
import { planDispatch, waitingReasons, type DispatchPlan } from './plan.js';
import { attempt, job, NOW, reasons, sent, snapshot, toAttempt, worker } from './samples.js';
import { simulate, type Simulation } from './simulate.js';
import type { DispatchSnapshot, OpenAttempt, PendingJob, WorkerCapacity } from './snapshot.js';

const TYPES: Readonly<Record<string, ResourceCategory>> = {
  validate: 'cpu',
  thumbnail: 'cpu',
  encode: 'gpu_encode',
  tags: 'gpu_ai',
};
/** Each host's devices: workers announce some of them, so that they share. */
const DEVICES: Readonly<Record<string, WorkerCapacity['devices']>> = {
  one: [
    { id: 'gpu0', vramMb: 8 },
    { id: 'gpu1', vramMb: 16 },
  ],
  two: [{ id: 'gpu0', vramMb: 12 }],
  three: [],
};
const types = fc.constantFrom(...Object.keys(TYPES));
const someTypes = fc.subarray(Object.keys(TYPES));
const hosts = fc.constantFrom(...Object.keys(DEVICES));
const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null });
const seldom = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null, freq: 4 });
const rarely = <T>(values: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary: values });
const vram = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20 }));

const pendingJobs = fc.array(
  fc.record({
    type: types,
    priority: fc.integer({ min: 1, max: 10 }),
    age: fc.nat(20),
    retryIn: seldom(fc.integer({ min: -5, max: 5 })),
    target: seldom(hosts),
    vramRequired: vram,
    unroutable: fc.boolean(),
  }),
  { maxLength: 20 },
);

const liveWorkers = fc.array(
  fc
    .record({ host: fc.option(hosts, { nil: null, freq: 8 }), jobTypes: someTypes, slots: fc.nat(4) })
    .chain((fields) =>
      fc
        .subarray([...(fields.host === null ? [] : (DEVICES[fields.host] ?? []))])
        .map((devices) => ({ ...fields, devices })),
    ),
  { maxLength: 5 },
);

const openAttempts = fc.array(
  fc.record({
    type: types,
    status: fc.constantFrom('out' as const, 'running' as const),
    instanceId: fc.constantFrom('w0', 'w1', 'w2', 'w3', 'gone'),
    target: maybe(hosts),
    host: maybe(hosts),
    device: maybe(fc.constantFrom('gpu0', 'gpu1')),
    vramMb: vram,
    holdsSlot: fc.boolean(),
  }),
  { maxLength: 5 },
);

const rules = fc.record({
  limits: fc.record({ cpu: fc.nat(6), gpu_encode: fc.nat(6), gpu_ai: fc.nat(6) }),
  pausedTypes: rarely(someTypes, []).map((list) => new Set(list)),
  pausedCategories: rarely(fc.subarray([...RESOURCE_CATEGORIES]), []).map((list) => new Set(list)),
  queuePaused: rarely(fc.boolean(), false),
  ageing: maybe(fc.record({ everyMs: fc.integer({ min: 1, max: 10 }) })),
  reservation: maybe(fc.record({ afterMs: fc.nat(20) })),
});

const snapshots: fc.Arbitrary<DispatchSnapshot> = fc
  .record({ pending: pendingJobs, workers: liveWorkers, attempts: openAttempts, rest: rules, gone: someTypes })
  .map(({ pending, workers, attempts, rest, gone }) =>
    snapshot(
      pending.map(({ age, retryIn, unroutable, ...fields }, index) =>
        job(`job-${String(index)}`, {
          ...fields,
          category: TYPES[fields.type]!,
          createdAt: NOW - age,
          retryAfter: retryIn === null ? null : NOW + retryIn,
          unroutableSince: unroutable ? NOW : null,
        }),
      ),
      workers.map((fields, index) => worker(`w${String(index)}`, fields)),
      {
        ...rest,
        attempts: attempts.map((fields) =>
          attempt({
            ...fields,
            category: TYPES[fields.type]!,
            instanceId: fields.status === 'out' ? null : fields.instanceId,
          }),
        ),
      },
      gone,
    ),
  );

const always = (rule: (before: DispatchSnapshot, plan: DispatchPlan) => void): void => {
  fc.assert(
    fc.property(snapshots, (before) => {
      rule(before, planDispatch(before, NOW));
    }),
    { numRuns: 500 },
  );
};

/** The same world once the plan was carried out: its orders are out, and the rest still waits. */
const afterwards = (before: DispatchSnapshot, plan: DispatchPlan): DispatchSnapshot => ({
  ...before,
  pending: plan.waiting.map((entry) => entry.job),
  attempts: [...before.attempts, ...plan.dispatch.map(toAttempt)],
});

const inCategory = (attempts: readonly OpenAttempt[], category: ResourceCategory): number =>
  attempts.filter((held) => held.category === category && held.holdsSlot).length;

const heldOn = (attempts: readonly OpenAttempt[], host: string, device: string): number =>
  attempts.filter((held) => held.host === host && held.device === device).reduce((sum, held) => sum + held.vramMb, 0);

const freeSlots = ({ attempts }: DispatchSnapshot, { instanceId, slots }: WorkerCapacity): number =>
  Math.max(0, slots - attempts.filter((held) => held.instanceId === instanceId && held.holdsSlot).length);

const takers = ({ workers }: DispatchSnapshot, { type }: PendingJob, target: string | null): WorkerCapacity[] =>
  workers.filter(({ jobTypes, host }) => jobTypes.includes(type) && (target === null || host === target));

const subsets = <T>(items: readonly T[]): T[][] =>
  items.reduce<T[][]>((all, item) => [...all, ...all.map((set) => [...set, item])], [[]]);

describe('any plan', () => {
  it('dispatches each pending job or says why it waits, in the order of priority, age and id', () => {
    always((before, plan) => {
      const accounted = [...sent(plan), ...Object.keys(reasons(plan))];
      expect(accounted.sort()).toEqual(before.pending.map(({ id }) => id).sort());
      const ranks = plan.dispatch.map(({ job: { createdAt }, job: sentJob }) => [
        effectivePriority(sentJob, before.ageing, NOW),
        createdAt,
      ]);
      expect([...ranks].sort(([a, b], [c, d]) => a! - c! || b! - d!)).toEqual(ranks);
    });
  });

  it('never goes beyond the limit of a category', () => {
    always((before, plan) => {
      const { attempts } = afterwards(before, plan);
      for (const category of RESOURCE_CATEGORIES) {
        const limit = Math.max(before.limits[category], inCategory(before.attempts, category));
        expect(inCategory(attempts, category)).toBeLessThanOrEqual(limit);
      }
    });
  });

  it('never sends more to a set of workers than they have slots', () => {
    always((before, plan) => {
      const announced = plan.dispatch.filter((entry) => before.announced.has(entry.job.type));
      for (const group of subsets(before.workers)) {
        const onlyThere = announced.filter((entry) =>
          takers(before, entry.job, entry.target).every((taker) => group.includes(taker)),
        );
        const free = group.reduce((sum, one) => sum + freeSlots(before, one), 0);
        expect(onlyThere.length).toBeLessThanOrEqual(free);
      }
    });
  });

  it('never goes beyond the memory of a device, and names one whenever it matters who takes the order', () => {
    always((before, plan) => {
      const { attempts } = afterwards(before, plan);
      for (const { host, devices } of before.workers) {
        for (const { id, vramMb } of host === null ? [] : devices) {
          const least = Math.max(vramMb, heldOn(before.attempts, host!, id));
          expect(heldOn(attempts, host!, id)).toBeLessThanOrEqual(least);
        }
      }
      for (const { job: asked, target, host, device } of plan.dispatch) {
        if (asked.vramRequired === 0 || !before.announced.has(asked.type)) continue;
        const able = takers(before, asked, target);
        if (device !== null) expect(new Set(able.map((one) => one.host))).toEqual(new Set([host]));
        else expect(able.filter((one) => one.host !== null).flatMap(({ devices }) => devices)).toEqual([]);
      }
    });
  });

  it('sends nothing that is paused, not yet due or without a worker on its host', () => {
    always((before, plan) => {
      if (before.queuePaused) expect(plan.dispatch).toEqual([]);
      for (const { job: asked, target } of plan.dispatch) {
        expect(asked.retryAfter ?? NOW).toBeLessThanOrEqual(NOW);
        expect(before.pausedTypes.has(asked.type) || before.pausedCategories.has(asked.category)).toBe(false);
        if (asked.target !== null) expect(target).toBe(asked.target);
        if (before.announced.has(asked.type)) expect(takers(before, asked, target)).not.toEqual([]);
      }
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
    always((before) => {
      // A reservation may pass on to a job that the first plan left without memory.
      const plain = { ...before, reservation: null };
      expect(planDispatch(afterwards(plain, planDispatch(plain, NOW)), NOW).dispatch).toEqual([]);
    });
  });

  it('agrees with the waiting reasons and with the explanation of every job', () => {
    always((before, plan) => {
      const why = reasons(plan);
      const waiting = waitingReasons(before.pending, before, NOW);
      for (const { id } of before.pending) {
        const explained = explainJob(id, before, NOW)!;
        expect(waiting.get(id)).toBe(why[id] ?? null);
        expect(explained.reason).toBe(why[id] ?? null);
        expect(explained.constraints.every(({ ok }) => ok)).toBe(!(id in why));
      }
    });
  });

  it('gives the others the same without a job that waits, unless something was reserved for it', () => {
    always((before, plan) => {
      for (const { job: blocked } of plan.waiting) {
        if (before.reservation !== null && blocked.vramRequired > 0) continue;
        const pending = before.pending.filter((one) => one !== blocked);
        expect(planDispatch({ ...before, pending }, NOW).dispatch).toEqual(plan.dispatch);
      }
    });
  });

  it('with a reservation holds back nothing but memory: what needs none is sent as without it', () => {
    always((before) => {
      const roomy = { ...before, limits: { cpu: 99, gpu_encode: 99, gpu_ai: 99 } };
      const wide = { ...roomy, workers: before.workers.map((one) => ({ ...one, slots: 99 })) };
      const free = (plan: DispatchPlan): string[] =>
        plan.dispatch.filter((entry) => entry.job.vramRequired === 0).map((entry) => entry.job.id);
      expect(free(planDispatch(wide, NOW))).toEqual(free(planDispatch({ ...wide, reservation: null }, NOW)));
    });
  });

  it('stays as it is when a free worker comes that serves none of the waiting types', () => {
    fc.assert(
      fc.property(snapshots, hosts, fc.nat(5), (before, host, at) => {
        const unrelated = worker('unrelated', { host, jobTypes: ['other'], slots: 4, devices: DEVICES[host]! });
        const workers = before.workers.toSpliced(at, 0, unrelated);
        const announced = new Map([...before.announced, ['other', NOW]]);
        expect(planDispatch({ ...before, workers, announced }, NOW)).toEqual(planDispatch(before, NOW));
      }),
    );
  });
});

interface Held extends OpenAttempt {
  readonly start: number;
  readonly end: number;
}

/** What is held over the time of a simulation: the attempts of before, then the jobs that it started. */
function holdings(before: DispatchSnapshot, { schedule }: Simulation, remainingMs: number): Held[] {
  const jobs = new Map(before.pending.map((one) => [one.id, one]));
  const started = schedule.map(({ id, start, end, worker: instanceId, host, device }): Held => {
    const { type, category, vramRequired } = jobs.get(id)!;
    return { ...attempt({ type, category, instanceId, host, device, vramMb: vramRequired }), start, end };
  });
  return [...before.attempts.map((held) => ({ ...held, start: NOW, end: NOW + remainingMs })), ...started];
}

describe('any simulation', () => {
  const REMAINING_MS = 7;
  const estimate = ({ id }: PendingJob): number => 1 + ((id.length + Number(id.at(-1))) % 5);
  const simulations = (rule: (before: DispatchSnapshot, simulation: Simulation) => void): void => {
    always((before) => {
      rule(
        before,
        simulate(before, NOW, estimate, () => REMAINING_MS),
      );
    });
  };

  it('starts each job once, or says why it never does', () => {
    simulations((before, { schedule, never }) => {
      const accounted = [...schedule, ...never].map(({ id }) => id);
      expect(accounted.sort()).toEqual(before.pending.map(({ id }) => id).sort());
      for (const { reason } of never) expect(reason).not.toBe('');
    });
  });

  it('gives up only what does not start in an empty fleet either', () => {
    simulations((before, { never }) => {
      const later = NOW + 1_000;
      for (const { id } of never) {
        const pending = before.pending.filter((one) => one.id === id);
        expect(planDispatch({ ...before, pending, attempts: [] }, later).dispatch).toEqual([]);
      }
    });
  });

  it('begins with what the plan sends now', () => {
    always((before, plan) => {
      const { schedule } = simulate(before, NOW, estimate, () => REMAINING_MS);
      expect(schedule.filter(({ start }) => start === NOW).map(({ id }) => id)).toEqual(sent(plan));
    });
  });

  it('at no instant goes beyond a limit, the slots of a worker or the memory of a device', () => {
    simulations((before, simulation) => {
      const all = holdings(before, simulation, REMAINING_MS);
      for (const { start, worker: instanceId, host, device, id } of simulation.schedule) {
        const now = all.filter((held) => held.start <= start && start < held.end);
        const { category } = before.pending.find((one) => one.id === id)!;
        expect(inCategory(now, category)).toBeLessThanOrEqual(before.limits[category]);
        const taker = before.workers.find((one) => one.instanceId === instanceId);
        if (!taker) continue;
        const busy = now.filter((held) => held.instanceId === instanceId && held.holdsSlot).length;
        expect(busy).toBeLessThanOrEqual(taker.slots);
        const vramMb = taker.devices.find((one) => one.id === device)?.vramMb;
        if (vramMb !== undefined) expect(heldOn(now, host!, device!)).toBeLessThanOrEqual(vramMb);
      }
    });
  });

  it('at each instant does what a new plan would', () => {
    simulations((before, simulation) => {
      const [first] = simulation.schedule.filter(({ start }) => start > NOW);
      if (!first || before.attempts.some(({ status }) => status === 'out')) return;
      const started = new Set(simulation.schedule.filter(({ start }) => start < first.start).map(({ id }) => id));
      const attempts = holdings(before, simulation, REMAINING_MS).filter(
        (held) => held.start < first.start && first.start < held.end,
      );
      const pending = before.pending.filter(({ id }) => !started.has(id));
      const plan = planDispatch({ ...before, pending, attempts }, first.start);
      const then = simulation.schedule.filter(({ start }) => start === first.start).map(({ id }) => id);
      expect(sent(plan)).toEqual(then);
    });
  });
});
