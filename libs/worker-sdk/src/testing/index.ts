import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeParameters, parametersJsonSchema, type JobContract, type OrderMessage } from '@reelay/contracts';
import type { z } from 'zod';
import type { Outcome } from '../outcome.js';
import type { JobProcessor, LibraryRecords, PauseSignal, ProgressUpdate } from '../processor.js';
import { runOrder } from '../run-order.js';

export { PauseSwitch } from '../pause.js';

/** What a processor did in a test. */
export interface ProcessorRun {
  readonly outcome: Outcome;
  readonly progress: readonly ProgressUpdate[];
  readonly log: readonly string[];
}

/**
 * Runs a processor with no broker: its parameters go over the wire's form and back, and are validated,
 * as a worker does it.
 * @param options.signal stands for a cancel; @param options.pause is a `PauseSwitch`, to pause and resume with
 * @param options.onProgress sees updates as they come; @param options.reelay is the order's own part: job, device
 */
export async function runProcessor<C extends JobContract>(
  processor: JobProcessor<C>,
  parameters: z.input<C['parameters']>,
  options: {
    signal?: AbortSignal;
    pause?: PauseSignal;
    records?: LibraryRecords;
    onProgress?: (update: ProgressUpdate) => void;
    reelay?: OrderMessage['reelay'];
  } = {},
): Promise<ProcessorRun> {
  const progress: ProgressUpdate[] = [];
  const log: string[] = [];
  const workDir = await mkdtemp(join(tmpdir(), 'reelay-test-'));
  try {
    const schema = parametersJsonSchema(processor.contract);
    const outcome = await runOrder(
      processor,
      {
        job_id: 1,
        parameters: encodeParameters(parameters as Record<string, unknown>, schema),
        ...(options.reelay ? { reelay: options.reelay } : {}),
      },
      {
        workDir,
        signal: options.signal ?? new AbortController().signal,
        ...(options.pause ? { pause: options.pause } : {}),
        ...(options.records ? { records: options.records } : {}),
        observer: {
          progress: (update) => {
            progress.push(update);
            options.onProgress?.(update);
          },
          log: (line) => {
            log.push(line);
          },
        },
      },
    );
    return { outcome, progress, log };
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}
