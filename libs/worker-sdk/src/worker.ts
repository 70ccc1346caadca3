import { directMessage, directMessagingQueue, type DirectMessage, type OrderMessage } from '@reelay/contracts';
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
import { finalAnswer, progressionAnswer, type AnswerIdentity } from './answers.js';
import { discoveryMessageOf, statusMessageOf, terminatedMessageOf, type WorkerIdentity } from './announcement.js';
import type { WorkerConfig } from './config.js';
import { JobReporter } from './job-reporter.js';
import { OrderIntake } from './order-intake.js';
import { Outbox } from './outbox.js';
import { decodeOrder, perform, validateOrder } from './pipeline.js';
import type { Outcome } from './outcome.js';
import type { JobProcessor } from './processor.js';
import { RunningJobs } from './running-jobs.js';
import { WorkDirs } from './work-dirs.js';

/** How long the last answers may take to leave once the work has ended. */
const FLUSH_MS = 5_000;
const ANNOUNCE_RETRY_MS = 1_000;
/** A backend whose records were lost learns of the worker again. */
const ANNOUNCE_AGAIN_MS = 60_000;
/** Work that ends sooner is answered once. Longer than a claim takes, shorter than anyone waits for "running". */
const CLAIM_AFTER_MS = 25;

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
  private readonly identity: WorkerIdentity;
  private intake: OrderIntake | undefined;
  private control: Consumer | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private announcer: NodeJS.Timeout | undefined;
  private suspended = false;

  constructor(private readonly options: WorkerOptions) {
    const { app, version, features, config, logger } = options;
    this.identity = { app, version, features, config };
    const name = `reelay ${app} ${config.instanceId}`;
    this.publishing = new AmqpConnection({ url: config.amqpUrl, name: `${name} publish`, logger });
    this.consuming = new AmqpConnection({ url: config.amqpUrl, name: `${name} consume`, logger });
    this.publisher = new Publisher(this.publishing, logger, (channel) => assertExchanges(channel, 'worker'));
    this.outbox = new Outbox(this.publisher, logger);
    this.jobs = new RunningJobs(config.slots, () => this.intake?.onSlotFree());
    this.workDirs = new WorkDirs(config.workDir);
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
      take: (jobType, delivery) => {
        void this.take(jobType, delivery);
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
      if (!this.suspended) this.sayAgain();
    }, ANNOUNCE_AGAIN_MS);
    logger.info({ jobTypes: [...processors.keys()], slots: config.slots }, 'the worker takes orders');
  }

  /**
   * Stops: no more orders, running work gets the grace period to end and is given back after it,
   * then the last answers leave.
   */
  async stop(): Promise<void> {
    this.suspended = true;
    await this.intake?.pause();
    this.say(terminatedMessageOf(this.options.config.instanceId));
    this.sendStatus();
    await endsWithin(this.jobs.whenIdle(), this.options.config.graceSeconds * 1000);
    this.jobs.stopAll();
    await endsWithin(this.jobs.whenIdle(), FLUSH_MS);
    await endsWithin(this.outbox.drained(), FLUSH_MS);
    clearInterval(this.heartbeat);
    clearInterval(this.announcer);
    await this.workDirs.close();
    await Promise.all([this.intake?.close(), this.control?.close(), this.publisher.close()]);
    await Promise.all([this.publishing.close(), this.consuming.close()]);
  }

  private async take(jobType: string, delivery: Delivery): Promise<void> {
    await this.jobs
      .run(() => this.handle(jobType, delivery))
      .catch((error: unknown) => {
        // Whatever failed before the claim was confirmed: the order is still the broker's.
        this.options.logger.warn({ err: error, jobType }, 'could not take an order; it goes back');
        delivery.nack({ requeue: true });
      });
  }

  /** Decode, validate, perform, claim, acknowledge, answer. */
  private async handle(jobType: string, delivery: Delivery): Promise<void> {
    const processor = this.options.processors.get(jobType);
    const message = readOrNull(delivery, this.options.logger);
    if (!message || !processor) {
      delivery.nack({ requeue: false });
      return;
    }
    if (this.jobs.knows(message.job_id)) {
      delivery.ack();
      return;
    }
    const correlationId: unknown = delivery.message.properties.correlationId;
    const identity: AnswerIdentity = {
      attemptId: message.job_id,
      instanceId: this.options.config.instanceId,
      correlationId: typeof correlationId === 'string' ? correlationId : null,
    };
    await this.jobs.track(message.job_id, async (signal) => {
      const reporter = new JobReporter(identity, this.outbox);
      const startedAt = performance.now();
      const outcome = await this.performClaimed(processor, message, identity, reporter, delivery, signal);
      reporter.finish();
      const seconds = Math.round(performance.now() - startedAt) / 1000;
      await this.outbox.deliver(finalAnswer(identity, reporter.nextSeq(), outcome, seconds));
      delivery.ack();
      this.options.logger.info({ jobType, attempt: message.job_id, outcome: outcome.kind, seconds }, 'attempt ended');
    });
  }

  /**
   * Starts the work and claims it a moment later, so that work which ends within that moment is
   * answered once, before its order is acknowledged. All other orders are acknowledged after their claim.
   */
  private async performClaimed(
    processor: JobProcessor,
    message: OrderMessage,
    identity: AnswerIdentity,
    reporter: JobReporter,
    delivery: Delivery,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const validated = validateOrder(processor, message);
    if ('outcome' in validated) return validated.outcome;
    const work = perform(processor, validated.order, this.workDirs, {
      signal,
      progress: (update) => {
        reporter.progress(update);
      },
      log: (line) => {
        reporter.log(line);
      },
    });
    if (await endsWithin(work, CLAIM_AFTER_MS)) return work;
    try {
      await this.publisher.publish(progressionAnswer(identity, reporter.nextSeq(), { percent: 0 }, new Date()));
    } catch (error) {
      // Not ours: the broker gives the order to another worker.
      this.jobs.stop(message.job_id);
      await work;
      reporter.discard();
      throw error;
    }
    delivery.ack();
    return work;
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
        this.jobs.stop(message.job_id);
        return;
      case 'stop_consuming_jobs':
        this.suspended = true;
        void this.intake?.pause();
        this.sendStatus();
        return;
      case 'resume_consuming_jobs':
        this.suspended = false;
        void this.intake?.resume();
        this.sendStatus();
        return;
      case 'stop_worker':
        this.options.onStopRequest();
        return;
      default:
        this.options.logger.info({ message: message.type }, 'ignored a direct message that this worker does not serve');
    }
  }

  /** The backend's queues may not be there yet: then nobody heard it, and it is said again. */
  private async announce(): Promise<void> {
    for (const processor of this.options.processors.values()) {
      for (;;) {
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

  private sayAgain(): void {
    for (const { contract } of this.options.processors.values()) this.say(discoveryMessageOf(this.identity, contract));
  }

  private sendStatus(): void {
    const running = this.jobs.ids;
    const activity = this.suspended ? 'Suspended' : running.length > 0 ? 'Busy' : 'Idle';
    this.say(statusMessageOf(this.options.config.instanceId, activity, running));
  }

  /** For what is said again soon anyway, or is of no use later. */
  private say(message: OutgoingMessage): void {
    this.publisher.publish(message).catch((error: unknown) => {
      this.options.logger.debug({ err: error, routingKey: message.routingKey }, 'a message was not sent');
    });
  }
}

function readOrNull(delivery: Delivery, logger: Logger): ReturnType<typeof decodeOrder> | null {
  try {
    return decodeOrder(delivery.message.content);
  } catch (error) {
    logger.error({ err: error }, 'an order cannot be read; it goes to the dead orders');
    return null;
  }
}

/** Waits for a promise, but no longer than this; says whether it ended. */
async function endsWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, ms);
  });
  const ended = await Promise.race([promise.then(() => true), timeout]);
  clearTimeout(timer);
  return ended;
}
