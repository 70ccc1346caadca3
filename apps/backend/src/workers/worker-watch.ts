import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { CLAIM_TIMEOUT_MS } from '@reelay/domain';
import {
  endLostAttempts,
  failUnroutable,
  findUnclaimed,
  giveBackAttempts,
  isTransientStoreError,
  readSettings,
  renewAllLeases,
  type ChangedJob,
} from '@reelay/persistence';
import type { Logger } from '@reelay/platform';
import { DataSource } from 'typeorm';
import { Broker } from '../broker/broker.js';
import { JobChanges } from '../live/job-changes.js';
import { LOGGER } from '../logging.js';
import { WorkflowEngine } from '../workflows/workflow-engine.js';

const SWEEP_MS = 2_000;
/** After a longer pause than this, silence says nothing about the workers: nobody was listening. */
const BLIND_MS = 3 * SWEEP_MS;
/** How often all workers are asked for their status, as Media Cloud AI's backend does. */
const ASK_STATUS_MS = 10_000;

/** Watches over workers: asks for their status, and ends the attempts of those that fell silent. */
@Injectable()
export class WorkerWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly timers: NodeJS.Timeout[] = [];
  private lastLook = -Infinity;
  private sweeping: Promise<void> | null = null;

  constructor(
    private readonly dataSource: DataSource,
    private readonly broker: Broker,
    private readonly changes: JobChanges,
    private readonly workflows: WorkflowEngine,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timers.push(
      setInterval(() => {
        this.sweeping ??= this.sweep().finally(() => {
          this.sweeping = null;
        });
      }, SWEEP_MS),
      setInterval(() => {
        this.broker.tellEveryone({ type: 'status' });
      }, ASK_STATUS_MS),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.timers.forEach(clearInterval);
    await this.sweeping;
  }

  private async sweep(): Promise<void> {
    // While no answers are taken, by this process or by the broker, leases that run out prove nothing.
    if (!this.broker.isReady || !(await this.broker.takesMessages())) return;
    try {
      if (performance.now() - this.lastLook > BLIND_MS) await renewAllLeases(this.dataSource);
      const { retry, scheduling } = await readSettings(this.dataSource);
      await this.reportEnded(await endLostAttempts(this.dataSource, retry.maxLosses));
      const unclaimed = await findUnclaimed(this.dataSource, CLAIM_TIMEOUT_MS);
      if (unclaimed.length > 0) {
        const back = unclaimed.map((attemptId) => ({
          attemptId,
          instanceId: null,
          status: 'returned' as const,
          unroutable: false,
        }));
        this.changes.report(await giveBackAttempts(this.dataSource, back));
      }
      await this.reportEnded(await failUnroutable(this.dataSource, scheduling.unroutableTtlSeconds * 1000));
      this.lastLook = performance.now();
    } catch (error) {
      if (isTransientStoreError(error)) this.logger.warn({ err: error }, 'cannot sweep while the database is away');
      else this.logger.error({ err: error }, 'a sweep failed');
    }
  }

  private async reportEnded(jobs: readonly ChangedJob[]): Promise<void> {
    this.changes.report(jobs);
    await this.workflows.followUp(jobs.filter(({ status }) => status === 'failed'));
  }
}
