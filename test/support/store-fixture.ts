import {
  applyProgressions,
  insertJobs,
  JobEntity,
  queueJobs,
  type Completion,
  type Failure,
  type PlannedJob,
  type Progression,
} from '@reelay/persistence';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, inject } from 'vitest';
import { createDatabase, openStore, type TestDatabase } from './database.js';

/** What a job that a test makes may differ in. */
export interface JobWish {
  readonly type?: string;
  readonly priority?: number;
  readonly maxRetries?: number;
}

/** A migrated database of a test file's own, with short ways to make jobs and look at them. */
export class StoreFixture {
  store!: DataSource;
  private database!: TestDatabase;

  constructor() {
    beforeAll(async () => {
      this.database = await createDatabase(inject('postgresUrl'));
      this.store = await openStore(this.database.url);
    });
    afterAll(async () => {
      await this.store.destroy();
      await this.database.drop();
    });
  }

  async newJob(wish: JobWish = {}): Promise<string> {
    const plain = { type: 'store_test', params: { n: 1 }, priority: 5, resourceCategory: 'cpu' } as const;
    const [job] = await insertJobs(this.store, [{ ...plain, vramRequired: 0, maxRetries: 3, target: null, ...wish }]);
    return job!.id;
  }

  /** A job with an order out. */
  async queued(wish: JobWish = {}): Promise<{ id: string; attemptId: number }> {
    const id = await this.newJob(wish);
    const [order] = await queueJobs(this.store, [anywhere(id)]);
    return { id, attemptId: order!.attemptId };
  }

  claim(attemptId: number, instanceId = 'w1'): ReturnType<typeof applyProgressions> {
    return applyProgressions(this.store, [progression(attemptId, instanceId, 1, 0)]);
  }

  job(id: string): Promise<JobEntity> {
    return this.store.getRepository(JobEntity).findOneByOrFail({ id });
  }

  async status(id: string): Promise<string> {
    return (await this.job(id)).status;
  }

  async attemptStatus(attemptId: number): Promise<string> {
    const [row] = await this.store.query<{ status: string }[]>('SELECT status FROM attempts WHERE id = $1', [
      attemptId,
    ]);
    return row!.status;
  }
}

/** A job sent to whichever worker takes it. */
export const anywhere = (jobId: string): PlannedJob => ({ jobId, target: null, host: null, device: null });

export const progression = (
  attemptId: number,
  instanceId: string,
  seq: number | null,
  progress: number,
): Progression => ({
  ...{ attemptId, instanceId, seq, progress, claim: progress === 0 },
  ...{ phase: null, speed: null, etaSeconds: null },
});

export const completion = (attemptId: number, instanceId: string | null = 'w1'): Completion => ({
  ...{ attemptId, instanceId, executionSeconds: 1, destinationPaths: ['out.mp4'], result: { ok: true } },
});

export const failure = (attemptId: number, retryAt: string | null = null): Failure => ({
  ...{ attemptId, instanceId: 'w1', code: 'ENCODER_CRASHED', message: 'it broke', retryable: true },
  ...{ executionSeconds: 1, retryAt },
});
