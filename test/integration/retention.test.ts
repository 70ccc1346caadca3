import type { ArchivedJob, ArchivePage, JobStats } from '@reelay/contracts';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { ForeignWorker } from '../support/foreign-worker.js';
import { startReelay, type Reelay } from '../support/reelay.js';

const ARCHIVE = '/api/media/archive';

let reelay: Reelay;
let worker: ForeignWorker;
let database: pg.Client;
let ancient: string;

beforeAll(async () => {
  reelay = await startReelay();
  database = new pg.Client({ connectionString: reelay.databaseUrl });
  await database.connect();
  worker = await new ForeignWorker(reelay.amqpUrl, 'retained', 'c0ffee00e001').start();
  await eventually('the worker is announced', async () => (await reelay.api.workers()).length === 1);
});
afterAll(async () => {
  await worker.stop();
  await database.end();
  await reelay.stop();
});

const retain = (retention: unknown) => reelay.api.call('PATCH', '/api/media/settings', { retention });
const archive = async (query = '') => (await reelay.api.call<ArchivePage>('GET', `${ARCHIVE}${query}`)).body;

/** A job that a worker completed, which ended so many days ago. */
async function completed(daysAgo: number): Promise<string> {
  const id = await reelay.api.submit('retained', { source_path: 'a.mxf' });
  await worker.nextOrder();
  worker.complete();
  await reelay.api.until(id, 'completed');
  await database.query("UPDATE jobs SET completed_at = now() - $2 * interval '1 day' WHERE id = $1", [id, daysAgo]);
  return id;
}

describe('jobs that are over', () => {
  it('stay for as long as nobody says otherwise', async () => {
    ancient = await completed(3_000);
    expect((await reelay.api.job(ancient)).status).toBe('completed');
    expect((await archive()).data).toEqual([]);
  });

  it('go to the archive after their time, with their log and attempts, and only those', async () => {
    const old = await completed(40);
    const older = await completed(50);
    const young = await completed(20);
    const failed = await reelay.api.submit('retained', { source_path: 'a.mxf' }, { maxRetries: 0 });
    await worker.nextOrder();
    worker.fail('result', 'it is broken');
    await reelay.api.until(failed, 'failed');
    await database.query("UPDATE jobs SET completed_at = now() - interval '40 days' WHERE id = $1", [failed]);
    const before = await reelay.api.job(old);

    expect((await retain({ completedDays: 30 })).status).toBe(200);
    await eventually('they left the list', async () => (await archive()).data.length === 3);
    expect((await archive()).data.map(({ id }) => id)).toEqual([old, older, ancient]);
    const { body } = await reelay.api.call<ArchivedJob>('GET', `${ARCHIVE}/${old}`);
    expect(body.job).toEqual({ ...before, completedAt: body.job.completedAt });
    expect(body.attempts).toMatchObject([{ number: 1, status: 'completed' }]);
    expect((await reelay.api.problem('GET', `/api/media/jobs/${old}`)).body).toMatchObject({
      status: 404,
      code: 'JOB_ARCHIVED',
    });
    expect((await reelay.api.job(young)).status).toBe('completed');
    expect((await reelay.api.job(failed)).status).toBe('failed');
    const { body: stats } = await reelay.api.call<JobStats>('GET', '/api/media/jobs/stats');
    expect([stats.completed, stats.failed]).toEqual([1, 1]);
  });

  it('are listed there by pages and by filters', async () => {
    const first = await archive('?limit=1');
    const rest = await archive(`?limit=5&cursor=${first.pagination.nextCursor ?? ''}`);
    expect(rest.data).toHaveLength(2);
    expect(rest.pagination.nextCursor).toBeNull();
    expect([...first.data, ...rest.data].map(({ id }) => id)).toEqual((await archive()).data.map(({ id }) => id));
    expect((await archive('?status=failed')).data).toEqual([]);
    expect((await archive('?type=retained,other&completedBefore=2010-01-01T00:00:00Z')).data).toEqual([]);
    expect((await reelay.api.problem('GET', `${ARCHIVE}?cursor=nonsense`)).body.code).toBe('CURSOR_INVALID');
    const missing = '550e8400-e29b-41d4-a716-446655440000';
    expect((await reelay.api.problem('GET', `${ARCHIVE}/${missing}`)).body.code).toBe('JOB_NOT_FOUND');
  });

  it('are deleted where no archive is wanted, and the archive in its turn', async () => {
    await retain({ failedDays: 30, archive: false, archiveDays: 45 });
    await eventually(
      'what was over for long is gone',
      async () => (await archive()).data.length === 1 && (await reelay.api.jobs('?status=failed')).data.length === 0,
      90_000,
    );
  });

  it.each([{ completedDays: 0 }, { completedDays: -1 }, { archive: 'yes' }, { days: 3 }])(
    'are kept by a rule that makes sense only: %j',
    async (rule) => {
      expect((await retain(rule)).status).toBe(400);
    },
  );
});
