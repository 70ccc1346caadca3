import {
  applyCompletions,
  applyFailures,
  cancelJobs,
  endLostAttempts,
  examine,
  giveBackAttempts,
  queueJobs,
  retryJobs,
  type Scoreboard,
} from '@reelay/persistence';
import { expect, it } from 'vitest';
import { anywhere, completion, failure, StoreFixture } from '../support/store-fixture.js';

const fixture = new StoreFixture();

const NOTHING: Scoreboard = {
  ...{ accepted: 0, ok: 0, failed: 0, cancelled: 0, lost: 0 },
  ...{ duplicated: 0, stale: 0, recovered: 0, unexpected: 0, underWay: 0 },
};

/** What the scoreboard shows of one story, told on an empty table. */
async function scoreOf(story: () => Promise<unknown>): Promise<{ score: Partial<Scoreboard>; rules: string[] }> {
  await fixture.store.query('DELETE FROM jobs');
  await story();
  const { scoreboard, findings } = await examine(fixture.store);
  expect(Object.keys(scoreboard).join(' ')).toBe(
    'accepted ok failed cancelled lost duplicated stale recovered unexpected underWay',
  );
  const changed = Object.entries(scoreboard).filter(([name, count]) => count !== NOTHING[name as keyof Scoreboard]);
  return { score: Object.fromEntries(changed), rules: findings.map(({ rule }) => rule) };
}

const complete = (attemptId: number) => applyCompletions(fixture.store, [completion(attemptId)]);

/** Ends an attempt behind its job's back. */
const endAs = (attemptId: number, status: string): Promise<unknown> =>
  fixture.store.query('UPDATE attempts SET status = $2, lease_until = NULL WHERE id = $1', [attemptId, status]);

const giveBack = (attemptId: number) =>
  giveBackAttempts(fixture.store, [{ attemptId, instanceId: null, status: 'returned', unroutable: false }]);

/** Sends another order for a job that waits. */
async function again(id: string): Promise<number> {
  const [order] = await queueJobs(fixture.store, [anywhere(id)]);
  return order!.attemptId;
}

it.each<[what: string, story: () => Promise<unknown>, score: Partial<Scoreboard>, rules: string[]]>([
  ['no job', () => Promise.resolve(), {}, []],
  ['a job that waits is under way', () => fixture.newJob(), { accepted: 1, underWay: 1 }, []],
  ['a job whose order is out is under way', () => fixture.queued(), { accepted: 1, underWay: 1 }, []],
  ['a completed job is ok', async () => complete((await fixture.queued()).attemptId), { accepted: 1, ok: 1 }, []],
  [
    'a failed job',
    async () => {
      const { attemptId } = await fixture.queued();
      await fixture.claim(attemptId);
      await applyFailures(fixture.store, [failure(attemptId)]);
    },
    { accepted: 1, failed: 1 },
    [],
  ],
  [
    'a cancelled job, whose worker still stops, is not stale: its attempt is the current one',
    async () => {
      const { id, attemptId } = await fixture.queued();
      await fixture.claim(attemptId);
      await cancelJobs(fixture.store, [id]);
    },
    { accepted: 1, cancelled: 1 },
    [],
  ],
  [
    'a job that was cancelled and retried, whose worker still stops, has a stale attempt',
    async () => {
      const { id, attemptId } = await fixture.queued();
      await fixture.claim(attemptId);
      await cancelJobs(fixture.store, [id]);
      await retryJobs(fixture.store, [id]);
    },
    { accepted: 1, underWay: 1, stale: 1 },
    [],
  ],
  [
    'a queued job whose attempt ended is lost, and not under way',
    async () => endAs((await fixture.queued()).attemptId, 'returned'),
    { accepted: 1, lost: 1, unexpected: 1 },
    ['a queued or running job has an open attempt'],
  ],
  [
    'a running job without an attempt is lost; it breaks a rule of its own as well when its attempt ended',
    async () => {
      const { attemptId } = await fixture.queued();
      await fixture.claim(attemptId);
      await endAs(attemptId, 'stopped');
    },
    { accepted: 1, lost: 1, unexpected: 2 },
    ['a queued or running job has an open attempt', 'a running job is claimed'],
  ],
  [
    'a job that completed after an attempt was lost has recovered',
    async () => {
      const { id, attemptId } = await fixture.queued();
      await fixture.claim(attemptId);
      await fixture.store.query("UPDATE attempts SET lease_until = now() - interval '1 s'");
      await endLostAttempts(fixture.store, 3);
      await complete(await again(id));
    },
    { accepted: 1, ok: 1, recovered: 1 },
    [],
  ],
  [
    'a job that completed after two orders came back has recovered once',
    async () => {
      const { id, attemptId } = await fixture.queued();
      await giveBack(attemptId);
      await giveBack(await again(id));
      await complete(await again(id));
    },
    { accepted: 1, ok: 1, recovered: 1 },
    [],
  ],
  [
    'a job whose attempt failed and whose next one completed has not: nobody was lost',
    async () => {
      const { id, attemptId } = await fixture.queued();
      await fixture.claim(attemptId);
      await applyFailures(fixture.store, [failure(attemptId, new Date(0).toISOString())]);
      await fixture.store.query('UPDATE jobs SET held = false, retry_after = NULL');
      await complete(await again(id));
    },
    { accepted: 1, ok: 1 },
    [],
  ],
  [
    'a job with two completed attempts is duplicated',
    async () => {
      const { id, attemptId } = await fixture.queued();
      await complete(attemptId);
      await fixture.store.query("UPDATE jobs SET status = 'pending', attempt_id = NULL, completed_at = NULL");
      await complete(await again(id));
    },
    { accepted: 1, ok: 1, duplicated: 1, unexpected: 1 },
    ['a job is completed once: a second completed attempt takes a person who retried it'],
  ],
])('%s', async (_, story, score, rules) => {
  expect(await scoreOf(story)).toEqual({ score, rules });
});
