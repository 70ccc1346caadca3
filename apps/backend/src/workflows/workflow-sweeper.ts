import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { findNeglected, isTransientStoreError } from '@reelay/persistence';
import type { Logger } from '@reelay/platform';
import { DataSource } from 'typeorm';
import { LOGGER } from '../logging.js';
import { WorkflowEngine } from './workflow-engine.js';

/** Seldom: it finds only what a process that died has left behind. */
const SWEEP_MS = 5_000;
/** Workflows of one sweep; the rest follows in the next one. */
const BATCH = 100;

/** The safety net of workflows: carries on those that something happened to which nobody followed up. */
@Injectable()
export class WorkflowSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | null = null;

  constructor(
    private readonly dataSource: DataSource,
    private readonly engine: WorkflowEngine,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.sweeping ??= this.sweep().finally(() => {
        this.sweeping = null;
      });
    }, SWEEP_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.sweeping;
  }

  private async sweep(): Promise<void> {
    try {
      for (const id of await findNeglected(this.dataSource, BATCH)) await this.carryOn(id);
    } catch (error) {
      if (isTransientStoreError(error)) this.logger.warn({ err: error }, 'cannot sweep while the database is away');
      else this.logger.error({ err: error }, 'a sweep of workflows failed');
    }
  }

  /** One that cannot go on keeps no other from it. */
  private async carryOn(id: string): Promise<void> {
    try {
      await this.engine.carryOn(id);
    } catch (error) {
      if (isTransientStoreError(error)) throw error;
      this.logger.error({ err: error, workflow: id }, 'a workflow cannot be carried on');
    }
  }
}
