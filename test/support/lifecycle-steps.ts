import {
  applyCompletions,
  applyProgressions,
  cancelJobs,
  deleteJobs,
  endLostAttempts,
  failUnroutable,
  findUnclaimed,
  findUnpublished,
  giveBackAttempts,
  markPublished,
  noteSignsOfLife,
  pauseJobs,
  queueJobs,
  readDispatchSnapshot,
  releaseJobs,
  renewAllLeases,
  resumeJobs,
  retryJobs,
  setPriority,
  type ActedJob,
  type SqlRunner,
} from '@reelay/persistence';
import fc from 'fast-check';
import { expect } from 'vitest';
import * as model from './lifecycle-model.js';
import type { Model, ModelAction, ModelAttempt, ModelJob } from './lifecycle-model.js';
import type { LifecycleStore } from './lifecycle-store.js';
import { anywhere, completion, progression } from './store-fixture.js';

const MOST_JOBS = 5;
/** What waits for a time to pass has always waited long enough here. */
const AT_ONCE_MS = 0;
/** These number their answers and acknowledge an order when they claim it. */
const NUMBERING = ['a', 'b'];
/** These do neither. */
const PLAIN = ['x', 'y'];

type Act<Choice> = (model: Model, store: LifecycleStore, choice: Choice) => Promise<void>;

/** One step: done to the model and to the store, which are then compared. */
class Step<Choice> implements fc.AsyncCommand<Model, LifecycleStore> {
  constructor(
    private readonly name: string,
    private readonly choice: Choice,
    private readonly act: Act<Choice>,
  ) {}

  check(): boolean {
    return true;
  }

  async run(state: Model, store: LifecycleStore): Promise<void> {
    await this.act(state, store, this.choice);
    await store.expectSame(state);
  }

  toString(): string {
    return `${this.name} ${JSON.stringify(this.choice)}`;
  }
}

interface Kind {
  readonly weight: number;
  readonly arbitrary: fc.Arbitrary<fc.AsyncCommand<Model, LifecycleStore>>;
}

/** A kind of step, with what it is chosen of and how often it comes up. */
const kind = <Choice>(name: string, weight: number, choice: fc.Arbitrary<Choice>, act: Act<Choice>): Kind => ({
  weight,
  arbitrary: choice.map((chosen) => new Step(name, chosen, act)),
});

const nothing = fc.constant(null);

/** Mostly one of the jobs, at times several. */
const someJobs = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.nat(MOST_JOBS - 1)) },
  { weight: 1, arbitrary: fc.array(fc.nat(MOST_JOBS - 1), { maxLength: MOST_JOBS }) },
);
const chosenJobs = (state: Model, numbers: readonly number[]): ModelJob[] => [
  ...new Set(numbers.flatMap((n) => state.jobs[n % state.jobs.length] ?? [])),
];

/** One of all attempts, counted from the latest: mostly one that may be under way. */
const attemptChoice = fc.oneof({ weight: 5, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(30) });
const chosenAttempt = (state: Model, n: number): ModelAttempt | undefined =>
  state.attempts[state.attempts.length - 1 - (n % state.attempts.length)];

/** Who answers: mostly the one that holds the attempt, else any worker, or one that does not say who it is. */
const sender = fc.oneof(
  { weight: 6, arbitrary: fc.constant('holder') },
  { weight: 3, arbitrary: fc.constantFrom(...NUMBERING, ...PLAIN) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const senderOf = (attempt: ModelAttempt, by: string | null): string | null =>
  by === 'holder' ? (attempt.holder ?? 'a') : by;

const answer = fc.record({ attempt: attemptChoice, by: sender });

/** A job to be submitted. */
export const anyJob = fc.record({
  type: fc.constantFrom('announced', 'announced', 'unannounced'),
  priority: fc.integer({ min: 1, max: 10 }),
  maxRetries: fc.nat(2),
});

const submits = kind('submit', 1, anyJob, async (state, store, wish) => {
  if (state.jobs.length < MOST_JOBS) await store.insert(model.submit(state, wish));
});

const anyWorker = fc.constantFrom(...NUMBERING, ...PLAIN);

/**
 * The jobs that the dispatcher may choose are those of the model; those that moved meanwhile are left out.
 * Then the orders wait, or a worker claims them at once, or they come back since there is no queue.
 */
const dispatches = kind(
  'dispatch',
  16,
  fc.record({
    most: fc.integer({ min: 1, max: MOST_JOBS }),
    others: someJobs,
    confirmed: fc.boolean(),
    then: fc.oneof(fc.constant('wait'), fc.constant('no queue'), anyWorker, anyWorker),
  }),
  async (state, store, { most, others, confirmed, then }) => {
    const due = model.dueJobs(state);
    await releaseJobs(store.sql);
    const { pending } = await readDispatchSnapshot(store.sql);
    expect(pending.map(({ id }) => id).sort()).toEqual(due.map((job) => store.jobId(job)).sort());
    const moved = chosenJobs(state, others).filter(({ status }) => status !== 'pending');
    const planned = [...due.slice(0, most), ...moved];
    const plan = planned.map((job) => anywhere(store.jobId(job)));
    const orders = await queueJobs(store.sql, plan);
    const attempts = model.dispatch(state, planned, confirmed);
    expect(orders.map(({ jobId, number }) => [jobId, number])).toEqual(
      attempts.map(({ job, number }) => [store.jobId(job), number]),
    );
    const ids = orders.map(({ attemptId }) => attemptId);
    attempts.forEach((attempt, n) => {
      store.name(attempt, ids[n]!);
    });
    if (confirmed) await markPublished(store.sql, ids);
    if (then === 'no queue') for (const attempt of attempts) await comeBack(state, store, attempt);
    else if (then !== 'wait') {
      const claims = attempts.map((attempt) => ({ attempt, by: then, percent: 0, ahead: 1 }));
      await progress(state, store, claims);
    }
  },
);

const asReturned = (attemptId: number, unroutable: boolean) =>
  ({ attemptId, instanceId: null, status: 'returned', unroutable }) as const;

async function comeBack(state: Model, store: LifecycleStore, attempt: ModelAttempt): Promise<void> {
  const changed = await giveBackAttempts(store.sql, [asReturned(store.attemptId(attempt), true)]);
  store.expectChanged(changed, model.comeBack(state, attempt, true) ? [attempt.job] : []);
}

interface Report {
  readonly attempt: ModelAttempt;
  readonly by: string;
  readonly percent: number;
  /** Of what was last applied, for workers that number their answers. */
  readonly ahead: number;
}

/** Reports progress as one batch, at most once for each attempt. */
async function progress(state: Model, store: LifecycleStore, reports: readonly Report[]): Promise<void> {
  const batch = reports.map(({ attempt, by, percent, ahead }) => {
    const who = senderOf(attempt, by) ?? 'a';
    return { attempt, who, percent, seq: NUMBERING.includes(who) ? (attempt.seq ?? 0) + ahead : null };
  });
  const { changed, trespasses } = await applyProgressions(
    store.sql,
    batch.map(({ attempt, who, percent, seq }) => progression(store.attemptId(attempt), who, seq, percent)),
  );
  const told = batch.filter(({ attempt, who, percent }) => model.trespasses(attempt, who, percent === 0));
  const moved = batch.filter(({ attempt, who, percent, seq }) => model.progress(state, attempt, who, seq, percent));
  store.expectTold(
    trespasses,
    told.map(({ attempt }) => attempt),
  );
  store.expectChanged(
    changed,
    moved.map(({ attempt }) => attempt.job),
  );
}

const progressions = kind(
  'progress',
  12,
  fc.array(
    fc.record({
      attempt: attemptChoice,
      by: fc.oneof(fc.constant('holder'), anyWorker),
      percent: fc.constantFrom(0, 0, 7, 33.7, 60, 99.9, 100),
      ahead: fc.constantFrom(1, 1, 2, 0, -1),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  (state, store, choices) => {
    const chosen = new Map(choices.map((choice) => [chosenAttempt(state, choice.attempt), choice]));
    const reports = [...chosen].flatMap(([attempt, choice]) => (attempt ? [{ ...choice, attempt }] : []));
    return progress(state, store, reports);
  },
);

const completions = kind('complete', 5, answer, async (state, store, choice) => {
  const attempt = chosenAttempt(state, choice.attempt);
  if (!attempt) return;
  const by = senderOf(attempt, choice.by);
  const changed = await applyCompletions(store.sql, [completion(store.attemptId(attempt), by)]);
  store.expectChanged(changed, model.complete(state, attempt, by) ? [attempt.job] : []);
});

const failures = kind(
  'fail',
  7,
  fc.record({
    attempt: attemptChoice,
    by: sender,
    retryable: fc.constantFrom(true, true, false),
    retryTime: fc.constantFrom<model.RetryTime>('due', 'later'),
  }),
  async (state, store, { retryable, retryTime, ...choice }) => {
    const attempt = chosenAttempt(state, choice.attempt);
    if (!attempt) return;
    const by = senderOf(attempt, choice.by);
    const error = { code: retryable ? 'ENCODER_CRASHED' : 'INPUT_NOT_FOUND', retryable, retryTime };
    const changed = await store.fail(attempt, by, error);
    store.expectChanged(changed, model.fail(state, attempt, by, error) ? [attempt.job] : []);
  },
);

const stops = kind('stop', 4, answer, async (state, store, choice) => {
  const attempt = chosenAttempt(state, choice.attempt);
  if (!attempt) return;
  const instanceId = senderOf(attempt, choice.by);
  const stopped = { attemptId: store.attemptId(attempt), instanceId, status: 'stopped', unroutable: false } as const;
  const changed = await giveBackAttempts(store.sql, [stopped]);
  store.expectChanged(changed, model.stop(state, attempt, instanceId) ? [attempt.job] : []);
});

const returns = kind('order comes back', 2, attemptChoice, async (state, store, n) => {
  const attempt = chosenAttempt(state, n);
  if (attempt) await comeBack(state, store, attempt);
});

const silences = kind('nobody claims', 1, nothing, async (state, store) => {
  const waiting = model.unclaimed(state);
  const found = await findUnclaimed(store.sql, AT_ONCE_MS);
  expect(found.sort()).toEqual(waiting.map((attempt) => store.attemptId(attempt)).sort());
  const changed = await giveBackAttempts(
    store.sql,
    found.map((attemptId) => asReturned(attemptId, false)),
  );
  store.expectChanged(
    changed,
    waiting.filter((attempt) => model.comeBack(state, attempt, false)).map(({ job }) => job),
  );
});

const resends = kind('orders are sent again', 1, nothing, async (state, store) => {
  const orders = (await findUnpublished(store.sql, AT_ONCE_MS)).map(({ attemptId }) => attemptId);
  const unconfirmed = model.unconfirmed(state);
  expect(orders.sort()).toEqual(unconfirmed.map((attempt) => store.attemptId(attempt)).sort());
  await markPublished(store.sql, orders);
  for (const attempt of unconfirmed) attempt.confirmed = true;
});

const signs = kind(
  'sign of life',
  4,
  fc.record({ attempts: fc.array(attemptChoice, { maxLength: 3 }), by: anyWorker }),
  async (state, store, { attempts, by }) => {
    const named = [...new Set(attempts.flatMap((n) => chosenAttempt(state, n) ?? []))];
    const running = named.map((attempt) => store.attemptId(attempt));
    const told = await noteSignsOfLife(store.sql, [{ instanceId: by, activity: 'Busy', running, paused: null }]);
    store.expectTold(
      told.map(({ attemptId, instanceId }) => ({ attemptId: attemptId ?? NaN, instanceId })),
      named.filter((attempt) => model.trespasses(attempt, by, false)),
    );
    for (const attempt of named) model.signOfLife(attempt, by);
  },
);

const leasesEnd = kind('leases run out', 4, anyWorker, async (state, store, by) => {
  await store.sql.query(
    "UPDATE attempts SET lease_until = now() - interval '1 s' WHERE lease_until IS NOT NULL AND instance_id = $1",
    [by],
  );
  for (const attempt of model.livingAttempts(state)) if (attempt.lease && attempt.holder === by) attempt.lease = 'over';
});

const sweeps = kind('sweep', 4, nothing, async (state, store) => {
  const changed = await endLostAttempts(store.sql, state.maxLosses);
  store.expectChanged(changed, model.sweep(state));
});

const renewals = kind('all leases are renewed', 1, nothing, async (state, store) => {
  await renewAllLeases(store.sql);
  model.renewAll(state);
});

const retryTimesCome = kind('retry times come', 2, nothing, async (state, store) => {
  await store.sql.query("UPDATE jobs SET retry_after = retry_after - interval '1 day'");
  for (const job of state.jobs) if (job.retryTime) job.retryTime = 'due';
});

const expiries = kind('unroutable jobs expire', 3, nothing, async (state, store) => {
  store.expectChanged(await failUnroutable(store.sql, AT_ONCE_MS), model.expire(state));
});

/** What a person does to some jobs. Workers that are to be told are those that hold a current attempt. */
const action = (
  name: string,
  weight: number,
  statement: (sql: SqlRunner, ids: readonly string[]) => Promise<ActedJob[]>,
  act: ModelAction,
): Kind =>
  kind(name, weight, someJobs, async (state, store, numbers) => {
    const chosen = chosenJobs(state, numbers);
    const acted = await statement(
      store.sql,
      chosen.map((job) => store.jobId(job)),
    );
    const held = new Map(
      chosen.map((job) => [store.jobId(job), job.current?.status === 'running' ? job.current : null]),
    );
    for (const { id, attemptId, instanceId } of acted) {
      const attempt = held.get(id);
      expect([attemptId, instanceId]).toEqual(attempt ? [store.attemptId(attempt), attempt.holder] : [null, null]);
    }
    store.expectChanged(
      acted,
      chosen.filter((job) => act(state, job)),
    );
  });

const deletes = kind('delete', 1, someJobs, async (state, store, numbers) => {
  const chosen = chosenJobs(state, numbers);
  const gone = await deleteJobs(
    store.sql,
    chosen.map((job) => store.jobId(job)),
  );
  const removed = chosen.filter((job) => model.remove(state, job));
  expect(gone.sort()).toEqual(removed.map((job) => store.jobId(job)).sort());
});

const priorities = kind(
  'change priority',
  1,
  fc.record({ jobs: someJobs, priority: fc.integer({ min: 1, max: 10 }) }),
  async (state, store, choice) => {
    for (const job of chosenJobs(state, choice.jobs)) {
      const changed = await setPriority(store.sql, store.jobId(job), choice.priority);
      store.expectChanged(changed ? [changed] : [], model.prioritise(job, choice.priority) ? [job] : []);
    }
  },
);

/** Any of the steps. */
export const anyStep = fc.oneof(
  ...[submits, dispatches, progressions, completions, failures, stops, returns, silences, resends],
  ...[signs, leasesEnd, sweeps, renewals, retryTimesCome, expiries, deletes, priorities],
  action('cancel', 2, cancelJobs, model.cancel),
  action('pause', 8, pauseJobs, model.pause),
  action('resume', 4, resumeJobs, model.resume),
  action('retry', 3, retryJobs, model.retry),
);
