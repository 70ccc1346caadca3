import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { planDispatch } from '@reelay/domain';
import {
  findUnpublished,
  isTransientStoreError,
  markPublished,
  queueJobs,
  readDispatchSnapshot,
  RELEASED_MAX,
  releaseJobs,
  type OrderToSend,
} from '@reelay/persistence';
import type { Logger } from '@reelay/platform';
import { DataSource } from 'typeorm';
import { Broker } from '../broker/broker.js';
import { JobChanges } from '../live/job-changes.js';
import { LOGGER } from '../logging.js';
import { toOrderMessage } from './order.js';

/** Events wake the dispatcher; this is the safety net, and notices that a retry is due. */
const TICK_MS = 2_000;

/** An order that was not confirmed for this long is sent again. Longer than a publish waits for its confirm. */
const UNPUBLISHED_MS = 15_000;

/** Any number that no other program uses for an advisory lock in this database. */
const DISPATCH_LOCK = 7_355_608_002;

/** Sends pending jobs to the workers: plans, stores the attempts, commits, publishes. */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | null = null;
  private wokenAgain = false;
  /** Whether orders of this process were not confirmed: they are sent again as soon as the broker is back. */
  private hasUnconfirmed = false;
  /** Whether held jobs may have become due. */
  private mayRelease = true;
  private stopped = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly broker: Broker,
    private readonly changes: JobChanges,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.changes.subscribe((jobs) => {
      // A job that was only queued or moved on frees nothing and adds nothing that could be sent.
      if (jobs.some(({ status }) => status !== 'queued' && status !== 'running')) this.wake();
    });
    this.broker.onPublishingUp(() => {
      this.wake();
    });
    this.timer = setInterval(() => {
      this.release();
    }, TICK_MS);
    this.wake();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** Looks for jobs to send, now or right after the pass that is under way. */
  wake(): void {
    if (this.stopped) return;
    this.wokenAgain = true;
    this.running ??= this.work().finally(() => {
      this.running = null;
      if (this.wokenAgain) this.wake();
    });
  }

  /** Looks for held jobs that have become due as well. */
  release(): void {
    this.mayRelease = true;
    this.wake();
  }

  private async work(): Promise<void> {
    try {
      while (this.wokenAgain && this.broker.publisher.isReady) {
        this.wokenAgain = false;
        await this.releaseHeld();
        await this.send(await this.plan());
        await this.resend();
      }
      this.wokenAgain = false;
    } catch (error) {
      // The next tick tries again.
      this.wokenAgain = false;
      if (isTransientStoreError(error)) this.logger.warn({ err: error }, 'cannot dispatch while the database is away');
      else this.logger.error({ err: error }, 'a dispatch pass failed');
    }
  }

  private async releaseHeld(): Promise<void> {
    if (!this.mayRelease) return;
    this.mayRelease = false;
    if ((await releaseJobs(this.dataSource)) >= RELEASED_MAX) this.release();
  }

  /** Decides and stores, one process at a time: two plans at once would fill the same slot twice. */
  private plan(): Promise<OrderToSend[]> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [DISPATCH_LOCK]);
      const { dispatch } = planDispatch(await readDispatchSnapshot(manager), Date.now());
      return dispatch.length === 0
        ? []
        : queueJobs(
            manager,
            dispatch.map(({ job, target, host, device }) => ({ jobId: job.id, target, host, device })),
          );
    });
  }

  /** Sends again what a process stored and did not live to publish. A second order of one attempt is harmless. */
  private async resend(): Promise<void> {
    if (!this.broker.publisher.isReady) return;
    const orders = await findUnpublished(this.dataSource, this.hasUnconfirmed ? 0 : UNPUBLISHED_MS);
    this.hasUnconfirmed = false;
    if (orders.length > 0) this.logger.warn({ orders: orders.length }, 'sending orders again');
    await this.send(orders);
  }

  private async send(orders: readonly OrderToSend[]): Promise<void> {
    if (orders.length === 0) return;
    this.changes.report(
      orders.map(({ jobId, type, workflowId }) => ({ id: jobId, type, status: 'queued', progress: 0, workflowId })),
    );
    const outcomes = await Promise.allSettled(
      orders.map((order) => this.broker.publisher.publish(toOrderMessage(order))),
    );
    const confirmed = orders.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    const failed = orders.length - confirmed.length;
    if (failed > 0) {
      this.hasUnconfirmed = true;
      this.logger.warn({ failed }, 'orders were not confirmed; they are sent again');
    }
    await markPublished(
      this.dataSource,
      confirmed.map(({ attemptId }) => attemptId),
    );
  }
}
