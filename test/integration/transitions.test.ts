import { JOB_STATUSES, type JobStatus } from '@reelay/contracts';
import { FINAL_STATUSES, nextStatus, TRANSITIONS, type JobEventName } from '@reelay/domain';
import {
  applyCompletions,
  applyFailures,
  cancelJobs,
  endLostAttempts,
  failUnroutable,
  giveBackAttempts,
  pauseJobs,
  queueJobs,
  resumeJobs,
  retryJobs,
} from '@reelay/persistence';
import { expect, it } from 'vitest';
import { anywhere, completion, failure, StoreFixture } from '../support/store-fixture.js';

const fixture = new StoreFixture();

/** A job in some state, with its last attempt. */
interface Subject {
  readonly id: string;
  readonly attemptId: number;
}

const returned = ({ attemptId }: Subject, unroutable: boolean) =>
  giveBackAttempts(fixture.store, [{ attemptId, instanceId: null, status: 'returned', unroutable }]);
const stopped = ({ attemptId }: Subject) =>
  giveBackAttempts(fixture.store, [{ attemptId, instanceId: 'w1', status: 'stopped', unroutable: false }]);
const failed = ({ attemptId }: Subject, retryAt: string | null) =>
  applyFailures(fixture.store, [failure(attemptId, retryAt)]);

async function running(): Promise<Subject> {
  const subject = await fixture.queued();
  await fixture.claim(subject.attemptId);
  return subject;
}

/** A job of a type that nobody announced, whose order came back. */
async function pending(): Promise<Subject> {
  const subject = await fixture.queued();
  await returned(subject, true);
  return subject;
}

interface Situation {
  readonly name: string;
  readonly state: JobStatus;
  readonly make: () => Promise<Subject>;
}

const situation = (
  name: string,
  state: JobStatus,
  from: () => Promise<Subject>,
  act: (subject: Subject) => Promise<unknown> = () => Promise.resolve(),
): Situation => ({
  ...{ name, state },
  make: async () => {
    const subject = await from();
    await act(subject);
    return subject;
  },
});

const complete = ({ attemptId }: Subject) => applyCompletions(fixture.store, [completion(attemptId)]);
const cancel = ({ id }: Subject) => cancelJobs(fixture.store, [id]);
const pause = ({ id }: Subject) => pauseJobs(fixture.store, [id]);

/** Ways into each state. Two lead to `paused` and to `cancelled`: a worker may be at it, or not. */
const SITUATIONS: readonly Situation[] = [
  situation('pending', 'pending', pending),
  situation('queued', 'queued', () => fixture.queued()),
  situation('running', 'running', running),
  situation('paused while it waited', 'paused', pending, pause),
  situation('paused while it ran', 'paused', running, pause),
  situation('completed', 'completed', running, complete),
  situation('failed', 'failed', running, (job) => failed(job, null)),
  situation('cancelled while it waited', 'cancelled', pending, cancel),
  situation('cancelled while it ran', 'cancelled', running, cancel),
];

/** A statement that carries events to the store. */
interface Carrier {
  readonly does: string;
  /** The events that it may stand for in a situation; it is the first that the table allows. */
  readonly carries: (situation: string) => readonly JobEventName[];
  /** Where it has a say at all: an answer about an attempt that is over has none. Everywhere unless it says so. */
  readonly hasASay?: (situation: string, state: string) => boolean;
  readonly act: (subject: Subject) => Promise<unknown>;
}

const RETRY_AT = '2099-01-01T00:00:00.000Z';

const isClaimed = (situation: string): boolean => situation === 'running' || situation === 'paused while it ran';
const isOut = (situation: string): boolean => situation === 'queued';
const isOpen = (situation: string): boolean => isOut(situation) || isClaimed(situation);

async function lose({ attemptId }: Subject): Promise<void> {
  await fixture.store.query(
    "UPDATE attempts SET lease_until = now() - interval '1 s' WHERE id = $1 AND status = 'running'",
    [attemptId],
  );
  await endLostAttempts(fixture.store, 3);
}

const ANSWERS: readonly Carrier[] = [
  { does: 'a worker claims it', carries: () => ['start'], act: ({ attemptId }) => fixture.claim(attemptId) },
  {
    does: 'its worker completes it',
    carries: () => ['complete'],
    hasASay: isOpen,
    act: complete,
  },
  { does: 'its worker fails for good', carries: () => ['fail'], hasASay: isOpen, act: (job) => failed(job, null) },
  { does: 'its worker fails for now', carries: () => ['retry'], hasASay: isOpen, act: (job) => failed(job, RETRY_AT) },
  { does: 'its worker gives it back', carries: () => ['requeue', 'retry'], hasASay: isOpen, act: stopped },
  { does: 'its worker is lost', carries: () => ['retry'], hasASay: isClaimed, act: lose },
  { does: 'its order comes back', carries: () => ['requeue'], hasASay: isOut, act: (job) => returned(job, false) },
];

const DEEDS: readonly Carrier[] = [
  {
    does: 'the dispatcher chooses it',
    carries: () => ['dispatch'],
    act: ({ id }) => queueJobs(fixture.store, [anywhere(id)]),
  },
  { does: 'a person cancels it', carries: () => ['cancel'], act: cancel },
  { does: 'a person pauses it', carries: () => ['pause'], act: pause },
  {
    does: 'a person resumes it',
    carries: (situation) => (isClaimed(situation) ? ['continue', 'resume'] : ['resume', 'continue']),
    act: ({ id }) => resumeJobs(fixture.store, [id]),
  },
  {
    does: 'a person retries it',
    carries: () => ['retry'],
    hasASay: (_, state) => FINAL_STATUSES.some((final) => final === state),
    act: ({ id }) => retryJobs(fixture.store, [id]),
  },
  { does: 'it waited too long', carries: () => ['expire'], act: () => failUnroutable(fixture.store, 0) },
];

const cases = SITUATIONS.flatMap((situation) =>
  [...ANSWERS, ...DEEDS].map((carrier) => {
    const events = carrier.carries(situation.name);
    const hasASay = carrier.hasASay?.(situation.name, situation.state) ?? true;
    const event = hasASay ? events.find((each) => nextStatus(situation.state, each) !== null) : undefined;
    const then = event === undefined ? null : nextStatus(situation.state, event);
    const title = `${carrier.does}: ${event === undefined ? 'nothing changes' : `${event} makes it ${String(then)}`}`;
    return { situation, carrier, events, event, then, title };
  }),
);

const rowOf = (id: string) => fixture.store.query<unknown>('SELECT * FROM jobs WHERE id = $1', [id]);

it.each(cases)('a job that is $situation.name; $title', async ({ situation, carrier, then }) => {
  const job = await situation.make();
  expect(await fixture.status(job.id)).toBe(situation.state);
  const before = await rowOf(job.id);
  await carrier.act(job);
  if (then === null) expect(await rowOf(job.id)).toEqual(before);
  else expect(await fixture.status(job.id)).toBe(then);
});

it('every event of the table is tried in every state, the allowed and the others', () => {
  const names = new Set(Object.values(TRANSITIONS).flatMap((row) => Object.keys(row) as JobEventName[]));
  const untried = JOB_STATUSES.flatMap((state) =>
    [...names]
      .filter((name) => {
        const here = cases.filter(({ situation }) => situation.state === state);
        return nextStatus(state, name) === null
          ? !here.some(({ events }) => events.includes(name))
          : !here.some(({ event }) => event === name);
      })
      .map((name) => `${name} in ${state}`),
  );
  expect(untried).toEqual([]);
});
