import type { OrderMessage } from '@reelay/contracts';
import type { Delivery, Publisher } from '@reelay/messaging';
import type { Logger } from '@reelay/platform';
import { finalAnswer, progressionAnswer, type AnswerIdentity } from './answers.js';
import { CleanUps } from './clean-ups.js';
import { endsWithin } from './ends-within.js';
import { JobReporter } from './job-reporter.js';
import type { DeliveredOrder } from './order-intake.js';
import type { Outbox } from './outbox.js';
import type { Outcome } from './outcome.js';
import { decodeOrder, perform, validateOrder } from './pipeline.js';
import type { JobContext, JobProcessor, LibraryRecords } from './processor.js';
import { Receipts, type Verdict } from './receipts.js';
import type { RunningJobs } from './running-jobs.js';
import type { WorkDirs } from './work-dirs.js';

/** Work that ends sooner is answered once. Longer than a claim takes, shorter than anyone waits for "running". */
const CLAIM_AFTER_MS = 25;

export interface OrderHandlerOptions {
  readonly instanceId: string;
  readonly processors: ReadonlyMap<string, JobProcessor>;
  readonly logger: Logger;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly outbox: Pick<Outbox, 'send' | 'deliver'>;
  readonly jobs: RunningJobs;
  readonly workDirs: WorkDirs;
  readonly recordsFor: (attemptId: number, signal: AbortSignal) => LibraryRecords;
}

/** An order whose message was read. */
interface ReadOrder {
  readonly processor: JobProcessor;
  readonly message: OrderMessage;
  readonly identity: AnswerIdentity;
  readonly delivery: Delivery;
}

/** What an attempt leaves to be done when it is known what became of it. */
interface LeftBehind {
  /** For when it completed the job. */
  readonly cleanUps: CleanUps;
  /** For when the job is over without being completed. */
  readonly undos: CleanUps;
}

/** Turns orders into answers: decode, validate, perform, claim, acknowledge, answer. */
export class OrderHandler {
  /** Orders that are neither acknowledged nor given back yet, by attempt: whether they will be acknowledged. */
  private readonly unsettled = new Map<number, Promise<boolean>>();

  private readonly receipts = new Receipts();
  private readonly tidying = new Set<Promise<void>>();

  constructor(private readonly options: OrderHandlerOptions) {}

  /** What became of the answer about an attempt. */
  answerTaken(attemptId: number, verdict: Verdict): void {
    this.receipts.note(attemptId, verdict);
  }

  /** Waits until what attempts left behind is cleaned up, and does not wait longer for the backend's word than `ms`. */
  async cleanedUp(ms: number): Promise<void> {
    await endsWithin(Promise.all(this.tidying), ms);
    this.receipts.giveUp();
    await endsWithin(Promise.all(this.tidying), ms);
  }

  /** Performs an order in a slot. Call only with a free one. */
  async take(order: DeliveredOrder): Promise<void> {
    await this.handle(order, (read) => this.options.jobs.run(() => this.runToItsEnd(order.jobType, read)));
  }

  /** Answers an order that was stopped before it began. */
  async refuse(order: DeliveredOrder): Promise<void> {
    await this.handle(order, ({ message, identity, delivery }) =>
      this.options.jobs.track(message.job_id, async () => {
        await this.options.outbox.deliver(finalAnswer(identity, 1, { kind: 'stopped', reason: 'cancelled' }, 0));
        delivery.ack();
      }),
    );
  }

  private async handle(
    { jobType, delivery }: DeliveredOrder,
    withOrder: (order: ReadOrder) => Promise<void>,
  ): Promise<void> {
    const { processors, logger, jobs, instanceId } = this.options;
    const processor = processors.get(jobType);
    const message = readOrNull(delivery, logger);
    if (!message || !processor) {
      delivery.nack({ requeue: false });
      return;
    }
    const earlier = this.unsettled.get(message.job_id);
    if (earlier !== undefined || jobs.knows(message.job_id)) {
      // It was delivered again after a cut. The first delivery's claim decides: without it the order is nobody's yet.
      if ((await earlier) ?? true) delivery.ack();
      else delivery.nack({ requeue: true });
      return;
    }
    const correlationId: unknown = delivery.message.properties.correlationId;
    const identity: AnswerIdentity = {
      attemptId: message.job_id,
      instanceId,
      correlationId: typeof correlationId === 'string' ? correlationId : null,
    };
    const { watched, settle } = this.watch(message.job_id, delivery);
    try {
      await withOrder({ processor, message, identity, delivery: watched });
    } catch (error) {
      // Whatever failed before the claim was confirmed: the order is still the broker's.
      logger.warn({ err: error, jobType }, 'could not take an order; it goes back');
      settle(false);
      delivery.nack({ requeue: true });
    }
  }

  /** Notes an order as unsettled until it is acknowledged, or `settle` says that it will not be. */
  private watch(attemptId: number, delivery: Delivery): { watched: Delivery; settle: (taken: boolean) => void } {
    let resolve: (taken: boolean) => void = () => undefined;
    this.unsettled.set(
      attemptId,
      new Promise<boolean>((resolvePromise) => {
        resolve = resolvePromise;
      }),
    );
    const settle = (taken: boolean): void => {
      this.unsettled.delete(attemptId);
      resolve(taken);
    };
    const ack = (): void => {
      delivery.ack();
      settle(true);
    };
    return { watched: { ...delivery, ack }, settle };
  }

  private async runToItsEnd(jobType: string, order: ReadOrder): Promise<void> {
    const { jobs, outbox, logger } = this.options;
    const { identity, delivery } = order;
    await jobs.track(identity.attemptId, async (signal, pause) => {
      const reporter = new JobReporter(identity, outbox);
      const left: LeftBehind = { cleanUps: new CleanUps(), undos: new CleanUps() };
      const startedAt = performance.now();
      const outcome = await this.performClaimed(order, reporter, {
        signal,
        pause,
        records: this.options.recordsFor(identity.attemptId, signal),
        progress: (update) => {
          reporter.progress(update);
        },
        log: (line) => {
          reporter.log(line);
        },
        afterCompleted: left.cleanUps.add,
        afterFailed: left.undos.add,
      });
      reporter.finish();
      const seconds = Math.round(performance.now() - startedAt) / 1000;
      // A backend of another make would never say what became of it.
      const asks = isOurs(order.message) && isForLater(outcome, left);
      const answer = finalAnswer(identity, reporter.nextSeq(), outcome, seconds, asks);
      const delivered = outbox.deliver(answer);
      const verdict = asks
        ? this.receipts.of(identity.attemptId, delivered, () => {
            outbox.send(answer);
          })
        : delivered.then(() => withoutWord(outcome));
      this.tidyUp(identity.attemptId, verdict, left);
      await delivered;
      delivery.ack();
      logger.info({ jobType, attempt: identity.attemptId, outcome: outcome.kind, seconds }, 'attempt ended');
    });
  }

  /**
   * Cleans up, or undoes, once it is known what became of the answer, without keeping the slot. Until then a next attempt
   * of the job may need what there is: an answer that comes too late, or twice, is none.
   */
  private tidyUp(attemptId: number, verdict: Promise<Verdict>, { cleanUps, undos }: LeftBehind): void {
    if (cleanUps.isEmpty && undos.isEmpty) return;
    const tidying = verdict
      .then(async ({ taken, over }) => {
        const steps = taken ? cleanUps : over ? undos : new CleanUps();
        await steps.run((error) => {
          this.options.logger.warn({ err: error, attempt: attemptId }, 'could not clean up after an attempt');
        });
      })
      .finally(() => this.tidying.delete(tidying));
    this.tidying.add(tidying);
  }

  /**
   * Starts the work and claims it a moment later, so that work which ends within that moment is
   * answered once, before its order is acknowledged. All other orders are acknowledged after their claim.
   */
  private async performClaimed(
    { processor, message, identity, delivery }: ReadOrder,
    reporter: JobReporter,
    context: Omit<JobContext, 'workDir'>,
  ): Promise<Outcome> {
    const validated = validateOrder(processor, message);
    if ('outcome' in validated) return validated.outcome;
    const work = perform(processor, validated.order, this.options.workDirs, context);
    if (await endsWithin(work, CLAIM_AFTER_MS)) return work;
    try {
      const claim = progressionAnswer(identity, reporter.nextSeq(), { percent: 0 }, new Date());
      await this.options.publisher.publish(claim);
    } catch (error) {
      // Not ours: the broker gives the order to another worker.
      this.options.jobs.stop(message.job_id);
      await work;
      reporter.discard();
      throw error;
    }
    delivery.ack();
    return work;
  }
}

/** Whether an order came from a backend that knows more than the protocol's own fields. */
const isOurs = (message: OrderMessage): boolean => message.reelay !== undefined;

const isForLater = ({ kind }: Outcome, { cleanUps, undos }: LeftBehind): boolean =>
  !undos.isEmpty || (kind === 'completed' && !cleanUps.isEmpty);

/** What is to be assumed of an answer that the broker has, where the backend would not say more. */
const withoutWord = (outcome: Outcome): Verdict => ({
  taken: outcome.kind === 'completed',
  over: outcome.kind === 'failed' && !outcome.retryable,
});

function readOrNull(delivery: Delivery, logger: Logger): OrderMessage | null {
  try {
    return decodeOrder(delivery.message.content);
  } catch (error) {
    logger.error({ err: error }, 'an order cannot be read; it goes to the dead orders');
    return null;
  }
}
