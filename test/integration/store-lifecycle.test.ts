import {
  applyCompletions,
  applyFailures,
  applyProgressions,
  cancelJobs,
  deleteJobs,
  endLostAttempts,
  examine,
  giveBackAttempts,
  migrate,
  migrations,
  noteSignsOfLife,
  pauseJobs,
  queueJobs,
  readLog,
  renewAllLeases,
  resumeJobs,
  retryJobs,
} from '@reelay/persistence';
import { describe, expect, inject, it } from 'vitest';
import { createDatabase, openStore } from '../support/database.js';
import { anywhere, completion, failure, progression, StoreFixture } from '../support/store-fixture.js';

const fixture = new StoreFixture();

describe('migrations', () => {
  it('run once when three processes start at the same time, and leave no drift', async () => {
    const empty = await createDatabase(inject('postgresUrl'), { empty: true });
    const stores = await Promise.all([1, 2, 3].map(() => openStore(empty.url)));
    try {
      await Promise.all(stores.map(migrate));
      const drift = await stores[0]!.driver.createSchemaBuilder().log();
      expect(drift.upQueries.map(({ query }) => query)).toEqual([]);
      expect(await stores[0]!.query('SELECT name FROM migrations')).toHaveLength(migrations.length);
    } finally {
      await Promise.all(stores.map((each) => each.destroy()));
      await empty.drop();
    }
  });

  it('can be taken back', async () => {
    const empty = await createDatabase(inject('postgresUrl'), { empty: true });
    const own = await openStore(empty.url);
    try {
      await migrate(own);
      for (const _ of migrations) await own.undoLastMigration();
      const tables = await own.query<{ tablename: string }[]>(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
      );
      expect(tables.map(({ tablename }) => tablename)).toEqual(['migrations']);
    } finally {
      await own.destroy();
      await empty.drop();
    }
  });
});

describe('a job', () => {
  it('goes from pending over queued and running to completed', async () => {
    const id = await fixture.newJob();
    expect(await fixture.status(id)).toBe('pending');
    const [order] = await queueJobs(fixture.store, [anywhere(id)]);
    expect(order).toMatchObject({ jobId: id, number: 1, type: 'store_test', params: { n: 1 } });
    expect(await fixture.status(id)).toBe('queued');
    await fixture.claim(order!.attemptId);
    expect(await fixture.status(id)).toBe('running');
    await applyProgressions(fixture.store, [progression(order!.attemptId, 'w1', 2, 40)]);
    expect((await fixture.job(id)).progress).toBe(40);
    expect(await applyCompletions(fixture.store, [completion(order!.attemptId)])).toMatchObject([
      { id, status: 'completed', progress: 100 },
    ]);
    expect(await fixture.job(id)).toMatchObject({
      status: 'completed',
      result: { ok: true },
      destinationPaths: ['out.mp4'],
    });
  });

  it('is queued once, however many dispatchers try', async () => {
    const id = await fixture.newJob();
    const orders = await Promise.all([1, 2, 3, 4].map(() => queueJobs(fixture.store, [anywhere(id)])));
    expect(orders.flat()).toHaveLength(1);
  });

  it('may complete without a claim', async () => {
    const { id, attemptId } = await fixture.queued();
    await applyCompletions(fixture.store, [completion(attemptId)]);
    expect(await fixture.status(id)).toBe('completed');
  });

  it('never leaves completed, whatever comes late', async () => {
    const { id, attemptId } = await fixture.queued();
    await fixture.claim(attemptId);
    await applyCompletions(fixture.store, [completion(attemptId)]);
    expect(await applyCompletions(fixture.store, [completion(attemptId)])).toEqual([]);
    expect(await applyFailures(fixture.store, [failure(attemptId)])).toEqual([]);
    expect((await applyProgressions(fixture.store, [progression(attemptId, 'w1', 9, 50)])).changed).toEqual([]);
    const back = { attemptId, instanceId: null, status: 'returned', unroutable: true } as const;
    expect(await giveBackAttempts(fixture.store, [back])).toEqual([]);
    expect(await fixture.job(id)).toMatchObject({ status: 'completed', progress: 100 });
  });

  it('keeps its progress when older progress comes late', async () => {
    const { id, attemptId } = await fixture.queued();
    await fixture.claim(attemptId);
    await applyProgressions(fixture.store, [progression(attemptId, 'w1', 5, 60)]);
    await applyProgressions(fixture.store, [progression(attemptId, 'w1', 3, 30)]);
    expect((await fixture.job(id)).progress).toBe(60);
  });

  it('is tried again at its time, with a new attempt that old answers do not touch', async () => {
    const { id, attemptId } = await fixture.queued();
    await fixture.claim(attemptId);
    const retryAt = new Date(Date.now() + 120_000).toISOString();
    await applyFailures(fixture.store, [failure(attemptId, retryAt)]);
    const waiting = await fixture.job(id);
    expect(waiting).toMatchObject({ status: 'pending', retryCount: 1, progress: 0, errorCode: 'ENCODER_CRASHED' });
    expect(waiting.retryAfter?.toISOString()).toBe(retryAt);
    const [second] = await queueJobs(fixture.store, [anywhere(id)]);
    expect(second).toMatchObject({ number: 2 });
    expect(second!.attemptId).not.toBe(attemptId);
    expect(await applyCompletions(fixture.store, [completion(attemptId)])).toEqual([]);
    expect(await fixture.status(id)).toBe('queued');
  });

  it('that was taken from an attempt which goes on is not changed by what that one says', async () => {
    const { id, attemptId } = await fixture.queued();
    await fixture.claim(attemptId);
    await cancelJobs(fixture.store, [id]);
    await retryJobs(fixture.store, [id]);
    await queueJobs(fixture.store, [anywhere(id)]);
    expect(await fixture.attemptStatus(attemptId)).toBe('running');
    expect((await applyProgressions(fixture.store, [progression(attemptId, 'w1', 9, 50)])).changed).toEqual([]);
    expect(await applyCompletions(fixture.store, [completion(attemptId)])).toEqual([]);
    expect(await fixture.job(id)).toMatchObject({ status: 'queued', progress: 0 });
  });

  it('fails for good without a time to retry', async () => {
    const { id, attemptId } = await fixture.queued();
    await applyFailures(fixture.store, [failure(attemptId)]);
    expect(await fixture.job(id)).toMatchObject({ status: 'failed', errorCode: 'ENCODER_CRASHED', retryCount: 0 });
    expect(await readLog(fixture.store, id)).toMatch(/\[\d{4}-.*\] --- ERROR ---\n.*it broke$/);
  });
});

describe('claims', () => {
  it('the first one holds; the second is a trespass', async () => {
    const { id, attemptId } = await fixture.queued();
    await fixture.claim(attemptId, 'first');
    const { changed, trespasses } = await fixture.claim(attemptId, 'second');
    expect(changed).toEqual([]);
    expect(trespasses).toEqual([{ attemptId, instanceId: 'second' }]);
    expect(await applyCompletions(fixture.store, [completion(attemptId, 'second')])).toEqual([]);
    expect(await fixture.status(id)).toBe('running');
    await applyCompletions(fixture.store, [completion(attemptId, 'first')]);
    expect(await fixture.status(id)).toBe('completed');
  });

  it('pass to a new claimer where the holder acknowledges late', async () => {
    const { attemptId } = await fixture.queued();
    await applyProgressions(fixture.store, [progression(attemptId, 'old', null, 0)]);
    const { trespasses } = await applyProgressions(fixture.store, [progression(attemptId, 'new', null, 0)]);
    expect(trespasses).toEqual([]);
    expect((await applyProgressions(fixture.store, [progression(attemptId, 'old', null, 30)])).trespasses).toHaveLength(
      1,
    );
  });

  it('a stopped answer of who does not hold the attempt gives nothing back', async () => {
    const { id, attemptId } = await fixture.queued();
    await fixture.claim(attemptId, 'holder');
    const stopped = { attemptId, status: 'stopped', unroutable: false } as const;
    expect(await giveBackAttempts(fixture.store, [{ ...stopped, instanceId: 'other' }])).toEqual([]);
    expect(await fixture.status(id)).toBe('running');
    await giveBackAttempts(fixture.store, [{ ...stopped, instanceId: 'holder' }]);
    expect(await fixture.job(id)).toMatchObject({ status: 'pending', retryCount: 0 });
  });

  it('a worker that stops before its claim was applied is on record', async () => {
    const { attemptId } = await fixture.queued();
    await giveBackAttempts(fixture.store, [{ attemptId, instanceId: 'w7', status: 'stopped', unroutable: false }]);
    const attempts = await fixture.store.query<unknown>('SELECT status, instance_id FROM attempts WHERE id = $1', [
      attemptId,
    ]);
    expect(attempts).toEqual([{ status: 'stopped', instance_id: 'w7' }]);
  });

  it('a worker whose job was deleted meanwhile is told to stop', async () => {
    const { id, attemptId } = await fixture.queued();
    await fixture.claim(attemptId);
    await cancelJobs(fixture.store, [id]);
    expect(await deleteJobs(fixture.store, [id])).toEqual([id]);
    const { trespasses } = await applyProgressions(fixture.store, [progression(attemptId, 'w1', 2, 10)]);
    expect(trespasses).toEqual([{ attemptId, instanceId: 'w1' }]);
  });

  it('an order that comes back late does not end an attempt that is running', async () => {
    const { attemptId } = await fixture.queued();
    await fixture.claim(attemptId);
    await giveBackAttempts(fixture.store, [{ attemptId, instanceId: null, status: 'returned', unroutable: true }]);
    expect(await fixture.attemptStatus(attemptId)).toBe('running');
  });
});

const expire = (attemptId: number) =>
  fixture.store.query("UPDATE attempts SET lease_until = now() - interval '1 s' WHERE id = $1", [attemptId]);

describe('leases', () => {
  it('that ran out give the job to another worker at once', async () => {
    const { id, attemptId } = await fixture.queued();
    await fixture.claim(attemptId);
    expect(await endLostAttempts(fixture.store, 3)).toEqual([]);
    await expire(attemptId);
    expect(await endLostAttempts(fixture.store, 3)).toMatchObject([{ id, status: 'pending' }]);
    expect(await fixture.attemptStatus(attemptId)).toBe('lost');
    expect(await fixture.job(id)).toMatchObject({ lossCount: 1, retryCount: 0, retryAfter: null, progress: 0 });
  });

  it('that run out too often fail the job', async () => {
    const { id, attemptId } = await fixture.queued();
    await fixture.store.query('UPDATE jobs SET loss_count = 3 WHERE id = $1', [id]);
    await fixture.claim(attemptId);
    await expire(attemptId);
    await endLostAttempts(fixture.store, 3);
    expect(await fixture.job(id)).toMatchObject({ status: 'failed', errorCode: 'WORKER_LOST' });
  });

  it('are renewed by a sign of life of the holder only', async () => {
    const { id, attemptId } = await fixture.queued();
    await fixture.claim(attemptId, 'holder');
    await expire(attemptId);
    const sign = { activity: 'Busy', running: [attemptId], paused: null };
    expect(await noteSignsOfLife(fixture.store, [{ ...sign, instanceId: 'other' }])).toEqual([
      { attemptId, instanceId: 'other', tell: 'stop_process' },
    ]);
    expect(await noteSignsOfLife(fixture.store, [{ ...sign, instanceId: 'holder' }])).toEqual([]);
    expect(await endLostAttempts(fixture.store, 3)).toEqual([]);
    expect(await fixture.status(id)).toBe('running');
  });

  it('start anew when nobody was listening', async () => {
    const { attemptId } = await fixture.queued();
    await fixture.claim(attemptId);
    await expire(attemptId);
    await renewAllLeases(fixture.store);
    expect(await endLostAttempts(fixture.store, 3)).toEqual([]);
  });

  it('a worker that names an attempt which is over is told', async () => {
    const { attemptId } = await fixture.queued();
    await applyCompletions(fixture.store, [completion(attemptId)]);
    const sign = { instanceId: 'w1', activity: 'Busy', running: [attemptId, 999_999_999], paused: null };
    expect((await noteSignsOfLife(fixture.store, [sign])).map((t) => t.attemptId).sort()).toEqual(
      [attemptId, 999_999_999].sort(),
    );
  });
});

describe('a job that was paused while it ran', () => {
  async function paused(): Promise<{ id: string; attemptId: number }> {
    const { id, attemptId } = await fixture.queued();
    await applyProgressions(fixture.store, [progression(attemptId, 'w1', 1, 40)]);
    await pauseJobs(fixture.store, [id]);
    return { id, attemptId };
  }

  it('stays paused when its worker gives it back, and is to begin again', async () => {
    const { id, attemptId } = await paused();
    const stopped = { attemptId, instanceId: 'w1', status: 'stopped', unroutable: false } as const;
    expect(await giveBackAttempts(fixture.store, [stopped])).toMatchObject([{ id, status: 'paused', progress: 0 }]);
    expect(await resumeJobs(fixture.store, [id])).toMatchObject([{ status: 'pending', progress: 0, attemptId: null }]);
  });

  it('stays paused when its worker is lost, and the loss counts', async () => {
    const { id, attemptId } = await paused();
    await expire(attemptId);
    expect(await endLostAttempts(fixture.store, 0)).toMatchObject([{ id, status: 'paused', progress: 0 }]);
    expect(await fixture.job(id)).toMatchObject({ lossCount: 1, errorCode: 'WORKER_LOST', completedAt: null });
  });
});

describe('a cancelled job that is retried while its worker still runs', () => {
  async function retried(): Promise<{ id: string; attemptId: number }> {
    const { id, attemptId } = await fixture.queued();
    await fixture.claim(attemptId);
    await cancelJobs(fixture.store, [id]);
    await retryJobs(fixture.store, [id]);
    return { id, attemptId };
  }
  const findingsOf = async (id: string) =>
    (await examine(fixture.store)).findings.filter(({ examples }) => examples.includes(id));

  it('has nothing to do with that worker any more, which is told to stop', async () => {
    const { id, attemptId } = await retried();
    const trespass = { attemptId, instanceId: 'w1' };
    const told = await applyProgressions(fixture.store, [progression(attemptId, 'w1', 2, 80)]);
    expect(told).toEqual({ changed: [], trespasses: [trespass] });
    const sign = { instanceId: 'w1', activity: 'Busy', running: [attemptId], paused: null };
    expect(await noteSignsOfLife(fixture.store, [sign])).toEqual([{ ...trespass, tell: 'stop_process' }]);
    expect(await fixture.job(id)).toMatchObject({ status: 'pending', progress: 0 });
    expect(await findingsOf(id)).toEqual([]);
  });

  it('is not paused, resumed or completed with it', async () => {
    const { id, attemptId } = await retried();
    expect(await pauseJobs(fixture.store, [id])).toMatchObject([{ id, attemptId: null }]);
    expect(await applyCompletions(fixture.store, [completion(attemptId)])).toEqual([]);
    expect(await resumeJobs(fixture.store, [id])).toMatchObject([{ id, status: 'pending', attemptId: null }]);
  });

  it('looks sound while that worker stops, however long ago it began', async () => {
    const { id, attemptId } = await retried();
    await fixture.store.query("UPDATE attempts SET created_at = now() - interval '1 hour' WHERE id = $1", [attemptId]);
    await queueJobs(fixture.store, [anywhere(id)]);
    expect(await findingsOf(id)).toEqual([]);
    await fixture.store.query("UPDATE attempts SET created_at = now() - interval '1 hour' WHERE job_id = $1", [id]);
    expect((await findingsOf(id)).map(({ rule }) => rule)).toContain('only the current attempt of a job is open');
  });
});
