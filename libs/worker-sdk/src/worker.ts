import { directMessage, directMessagingQueue, type DirectMessage } from '@reelay/contracts';
import {
  AmqpConnection,
  assertExchanges,
  assertQueue,
  bindQueue,
  Consumer,
  decodeMessage,
  Publisher,
  type Delivery,
  type OutgoingMessage,
} from '@reelay/messaging';
import type { Logger } from '@reelay/platform';
import { discoveryMessageOf, statusMessageOf, terminatedMessageOf, type WorkerIdentity } from './announcement.js';
import type { WorkerConfig } from './config.js';
import { endsWithin } from './ends-within.js';
import { LibraryDesk } from './library-records.js';
import { OrderHandler } from './order-handler.js';
import { OrderIntake } from './order-intake.js';
import { Outbox } from './outbox.js';
import { decodeOrder } from './pipeline.js';
import type { JobProcessor } from './processor.js';
import { RunningJobs } from './running-jobs.js';
import { WorkDirs } from './work-dirs.js';

/** How long the last answers may take to leave once the work has ended. */
const FLUSH_MS = 5_000;
const ANNOUNCE_RETRY_MS = 1_000;
/** A backend whose records were lost learns of the worker again, and bindings that were removed are made again. */
const ANNOUNCE_AGAIN_MS = 60_000;

export interface WorkerOptions {
  readonly app: string;
  readonly version: string;
  readonly features: readonly string[];
  readonly processors: ReadonlyMap<string, JobProcessor>;
  readonly config: WorkerConfig;
  readonly logger: Logger;
  /** Asked to stop by a direct message. */
  readonly onStopRequest: () => void;
}

/** A worker process: takes orders, runs them in its slots, answers, and stays in touch. */
export class Worker {
  private readonly publishing: AmqpConnection;
  private readonly consuming: AmqpConnection;
  private readonly publisher: Publisher;
  private readonly outbox: Outbox;
  private readonly jobs: RunningJobs;
  private readonly workDirs: WorkDirs;
  private readonly desk: LibraryDesk;
  private readonly handler: OrderHandler;
  private readonly identity: WorkerIdentity;
  private intake: OrderIntake | undefined;
  private control: Consumer | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private announcer: NodeJS.Timeout | undefined;
  private suspended = false;
  private stopping = false;

  constructor(private readonly options: WorkerOptions) {
    const { app, version, features, processors, config, logger } = options;
    this.identity = { app, version, features, config };
    const name = `reelay ${app} ${config.instanceId}`;
    this.publishing = new AmqpConnection({ url: config.amqpUrl, name: `${name} publish`, logger });
    this.consuming = new AmqpConnection({ url: config.amqpUrl, name: `${name} consume`, logger });
    this.publisher = new Publisher(this.publishing, logger, (channel) => assertExchanges(channel, 'worker'));
    this.outbox = new Outbox(this.publisher, logger);
    this.jobs = new RunningJobs(config.slots, () => this.intake?.onSlotFree());
    this.workDirs = new WorkDirs(config.workDir);
    const { publisher, outbox, jobs, workDirs } = this;
    const { instanceId } = config;
    this.desk = new LibraryDesk(instanceId, (message) => {
      this.say(message);
    });
    const recordsFor = this.desk.recordsFor.bind(this.desk);
    this.handler = new OrderHandler({ instanceId, processors, logger, publisher, outbox, jobs, workDirs, recordsFor });
  }

  /** Starts taking orders. Without a broker it waits for one. */
  async start(): Promise<void> {
    const { config, logger, processors } = this.options;
    await this.workDirs.open();
    this.control = this.listenForDirectMessages();
    this.intake = new OrderIntake({
      connection: this.consuming,
      logger,
      jobTypes: [...processors.keys()],
      host: config.host,
      slots: config.slots,
      hasFreeSlot: () => this.jobs.hasFreeSlot,
      take: (order) => {
        void this.handler.take(order);
      },
    });
    // The queues are declared before the types are announced: the first order must find them.
    await Promise.all([this.intake.whenReady(), this.control.whenReady(), this.publisher.whenReady()]);
    this.publishing.on('up', () => void this.announce());
    this.consuming.on('up', () => void this.announce());
    await this.announce();
    this.heartbeat = setInterval(() => {
      this.sendStatus();
    }, config.heartbeatSeconds * 1000);
    this.announcer = setInterval(() => {
      if (!this.suspended) void this.sayAgain();
    }, ANNOUNCE_AGAIN_MS);
    logger.info({ jobTypes: [...processors.keys()], slots: config.slots }, 'the worker takes orders');
  }

  /**
   * Stops: no more orders, running work gets the grace period to end and is given back after it,
   * then the last answers leave. What is paused goes on, and has the same time as the rest.
   */
  async stop(): Promise<void> {
    this.stopping = true;
    this.suspended = true;
    this.jobs.resumeAll();
    await this.intake?.pause();
    this.say(terminatedMessageOf(this.options.config.instanceId));
    this.sendStatus();
    await endsWithin(this.jobs.whenIdle(), this.options.config.graceSeconds * 1000);
    this.jobs.stopAll();
    await endsWithin(this.jobs.whenIdle(), FLUSH_MS);
    await endsWithin(this.outbox.drained(), FLUSH_MS);
    await this.handler.cleanedUp(FLUSH_MS);
    clearInterval(this.heartbeat);
    clearInterval(this.announcer);
    await this.workDirs.close();
    await Promise.all([this.intake?.close(), this.control?.close(), this.publisher.close()]);
    await Promise.all([this.publishing.close(), this.consuming.close()]);
  }

  private listenForDirectMessages(): Consumer {
    const { config, logger, processors, app, version } = this.options;
    const { queue, bindings } = directMessagingQueue({
      instanceId: config.instanceId,
      jobTypes: [...processors.keys()],
      workerName: app,
      workerVersion: version,
    });
    return new Consumer(this.consuming, logger, {
      queue: queue.name,
      prefetch: 10,
      setUp: async (channel) => {
        await assertExchanges(channel, 'worker');
        await assertQueue(channel, queue);
        for (const binding of bindings) await bindQueue(channel, binding);
      },
      onDelivery: (delivery) => {
        try {
          this.obey(decodeMessage(directMessage, delivery.message.content));
        } catch (error) {
          logger.warn({ err: error }, 'ignored a direct message');
        }
        delivery.ack();
      },
    });
  }

  private obey(message: DirectMessage): void {
    switch (message.type) {
      case 'status':
        this.sendStatus();
        return;
      case 'stop_process':
        this.stopAttempt(message.job_id);
        return;
      case 'pause_process':
        // In the grace period everything is to come to an end.
        if (message.job_id !== undefined && !this.stopping && this.jobs.pause(message.job_id)) this.sendStatus();
        return;
      case 'resume_process':
        if (message.job_id !== undefined && this.jobs.resume(message.job_id)) this.sendStatus();
        return;
      case 'stop_consuming_jobs':
        this.suspended = true;
        void this.intake?.pause();
        this.sendStatus();
        return;
      case 'resume_consuming_jobs':
        if (this.stopping) return;
        this.suspended = false;
        void this.intake?.resume();
        this.sendStatus();
        return;
      case 'library_answer':
        this.desk.answered(message);
        return;
      case 'answer_taken':
        this.handler.answerTaken(message.job_id, message);
        return;
      case 'stop_worker':
        this.options.onStopRequest();
        return;
      default:
        this.options.logger.info({ message: message.type }, 'ignored a direct message that this worker does not serve');
    }
  }

  /** An order that waits here for a slot is not begun any more. */
  private stopAttempt(attemptId: number): void {
    if (this.jobs.stop(attemptId)) return;
    const held = this.intake?.withdraw((delivery) => isOrderOf(attemptId, delivery));
    if (held) void this.handler.refuse(held);
  }

  /** The backend's queues may not be there yet: then nobody heard it, and it is said again. */
  private async announce(): Promise<void> {
    for (const processor of this.options.processors.values()) {
      // A worker that said goodbye does not come back to life with its connection.
      while (!this.stopping) {
        await this.publisher.whenReady();
        const outcome = await this.publisher
          .publish(discoveryMessageOf(this.identity, processor.contract))
          .catch(() => 'returned' as const);
        if (outcome === 'routed') break;
        await new Promise((resolve) => setTimeout(resolve, ANNOUNCE_RETRY_MS));
      }
    }
    this.sendStatus();
  }

  private async sayAgain(): Promise<void> {
    await this.intake?.declareAgain();
    for (const { contract } of this.options.processors.values()) this.say(discoveryMessageOf(this.identity, contract));
  }

  private sendStatus(): void {
    const { ids, pausedIds } = this.jobs;
    const activity = this.suspended ? 'Suspended' : ids.length > pausedIds.length ? 'Busy' : 'Idle';
    this.say(statusMessageOf(this.options.config.instanceId, activity, ids, pausedIds));
  }

  /** For what is said again soon anyway, or is of no use later. */
  private say(message: OutgoingMessage): void {
    this.publisher.publish(message).catch((error: unknown) => {
      this.options.logger.debug({ err: error, routingKey: message.routingKey }, 'a message was not sent');
    });
  }
}

/** Whether a held order is of this attempt; one that cannot be read is of none. */
function isOrderOf(attemptId: number, { message }: Delivery): boolean {
  try {
    return decodeOrder(message.content).job_id === attemptId;
  } catch {
    return false;
  }
}
