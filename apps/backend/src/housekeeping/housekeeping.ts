import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { JobStatus, Settings } from '@reelay/contracts';
import {
  deleteOverdue,
  forgetArchived,
  forgetDeliveries,
  forgetKeys,
  forgetWorkers,
  isTransientStoreError,
  readSettings,
  sumUpCounts,
} from '@reelay/persistence';
import type { Logger } from '@reelay/platform';
import { DataSource } from 'typeorm';
import { LOGGER } from '../logging.js';
import { Archivist } from './archivist.js';

/** Counts are summed up this often: they are read with every list. */
const COUNTS_MS = 2_000;
/** Seldom enough to cost nothing, often enough to show that a new setting holds. */
const RETENTION_MS = 10_000;
/** A client that sends a write again does so within a day. */
const FORGET_KEYS_MS = 24 * 60 * 60 * 1000;
const FORGET_WORKERS_MS = 7 * 24 * 60 * 60 * 1000;
/** Longer than a delivery is tried, and time enough to look into why it failed. */
const FORGET_DELIVERIES_MS = 30 * 24 * 60 * 60 * 1000;
/** Jobs of one statement: a lock on them is short. */
const BATCH = 200;
/** Workflows of one statement, each of which may have hundreds of jobs. */
const WORKFLOW_BATCH = 10;

/** Keeps the database small: sums up, forgets, archives. Every backend may do it at once. */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly underWay = new Map<string, Promise<void>>();
  private stopped = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly archivist: Archivist,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.every(COUNTS_MS, 'counts', () => sumUpCounts(this.dataSource));
    this.every(RETENTION_MS, 'retention', () => this.retain());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.timers.forEach(clearInterval);
    await Promise.all(this.underWay.values());
  }

  /** Runs a chore, now and from time to time, and never beside itself. */
  private every(ms: number, chore: string, work: () => Promise<void>): void {
    const run = (): void => {
      if (this.underWay.has(chore)) return;
      const running = work()
        .catch((error: unknown) => {
          if (isTransientStoreError(error)) this.logger.debug({ err: error, chore }, 'put off: the database is away');
          else this.logger.error({ err: error, chore }, 'housekeeping failed');
        })
        .finally(() => this.underWay.delete(chore));
      this.underWay.set(chore, running);
    };
    this.timers.push(setInterval(run, ms));
    run();
  }

  private async retain(): Promise<void> {
    const { retention } = await readSettings(this.dataSource);
    await this.leaveList(['completed'], retention.completedDays, retention);
    await this.leaveList(['failed', 'cancelled'], retention.failedDays, retention);
    const { archiveDays } = retention;
    if (archiveDays !== null) await this.inBatches(() => forgetArchived(this.dataSource, archiveDays, BATCH));
    await forgetWorkers(this.dataSource, FORGET_WORKERS_MS);
    await forgetKeys(this.dataSource, FORGET_KEYS_MS);
    await this.inBatches(() => forgetDeliveries(this.dataSource, FORGET_DELIVERIES_MS, BATCH));
  }

  private async leaveList(
    statuses: readonly JobStatus[],
    olderThanDays: number | null,
    { archive }: Settings['retention'],
  ): Promise<void> {
    if (olderThanDays === null) return;
    const overdue = { statuses, olderThanDays, limit: BATCH };
    const done = await this.inBatches(() =>
      archive ? this.archivist.archive(overdue) : deleteOverdue(this.dataSource, overdue),
    );
    if (done > 0) this.logger.info({ statuses, jobs: done, archive }, 'jobs that are over left the list');
    await this.inBatches((limit) => this.archivist.removeWorkflows({ ...overdue, limit }, { archive }), WORKFLOW_BATCH);
  }

  /** Until a batch is not full. */
  private async inBatches(step: (limit: number) => Promise<number>, limit = BATCH): Promise<number> {
    let done = 0;
    for (let batch = limit; batch === limit && !this.stopped; done += batch) batch = await step(limit);
    return done;
  }
}
