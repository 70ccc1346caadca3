import { decodeParameters, orderMessage, type OrderMessage } from '@reelay/contracts';
import { decodeMessage } from '@reelay/messaging';
import type { WorkDirs } from './work-dirs.js';
import { outcomeOfError, type Outcome } from './outcome.js';
import type { JobContext, JobProcessor, Order } from './processor.js';

/**
 * Reads an order's body.
 * @throws {UnreadableMessageError} when it is none
 */
export const decodeOrder = (content: Buffer): OrderMessage => decodeMessage(orderMessage, content);

/** A validated order, or the failure that stands for it. */
export type Validated = { readonly order: Order } | { readonly outcome: Outcome };

/** Checks an order's parameters against the processor's contract and fills in defaults. */
export function validateOrder(processor: JobProcessor, message: OrderMessage): Validated {
  const parsed = processor.contract.parameters.safeParse(decodeParameters(message.parameters));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message: fault }) => `${path.join('.') || 'parameters'}: ${fault}`);
    return {
      outcome: { kind: 'failed', code: 'INVALID_PARAMETERS', message: faults.join('; '), retryable: false },
    };
  }
  return {
    order: {
      attemptId: message.job_id,
      jobId: message.reelay?.job ?? null,
      attempt: message.reelay?.attempt ?? 1,
      device: message.reelay?.device ?? null,
      parameters: parsed.data,
    },
  };
}

/**
 * Runs a processor in a private folder. Never throws: whatever happens is an outcome. A processor that returns
 * has completed, whatever its signal says by then: a stop came too late to undo what is in its place.
 */
export async function perform(
  processor: JobProcessor,
  order: Order,
  workDirs: WorkDirs,
  context: Omit<JobContext, 'workDir'>,
): Promise<Outcome> {
  try {
    return await workDirs.with(order.attemptId, async (workDir) => {
      const job: JobContext = {
        ...context,
        get workDir() {
          return workDir();
        },
      };
      const { destinationPaths, result } = await processor.process(order, job);
      return {
        kind: 'completed',
        destinationPaths,
        result: processor.contract.result.parse(result) as Record<string, unknown>,
      };
    });
  } catch (error) {
    return outcomeOfError(error, context.signal);
  }
}
