import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeParameters, parametersJsonSchema, type JobContract } from '@reelay/contracts';
import type { z } from 'zod';
import type { Outcome } from '../outcome.js';
import type { JobProcessor, ProgressUpdate } from '../processor.js';
import { runOrder } from '../run-order.js';

/** What a processor did in a test. */
export interface ProcessorRun {
  readonly outcome: Outcome;
  readonly progress: readonly ProgressUpdate[];
  readonly log: readonly string[];
}

/**
 * Runs a processor with no broker: its parameters go over the wire's form and back, and are validated,
 * as a worker does it.
 * @param options.signal stands for a cancel; @param options.onProgress sees updates as they come
 */
export async function runProcessor<C extends JobContract>(
  processor: JobProcessor<C>,
  parameters: z.input<C['parameters']>,
  options: { signal?: AbortSignal; onProgress?: (update: ProgressUpdate) => void } = {},
): Promise<ProcessorRun> {
  const progress: ProgressUpdate[] = [];
  const log: string[] = [];
  const workDir = await mkdtemp(join(tmpdir(), 'reelay-test-'));
  try {
    const schema = parametersJsonSchema(processor.contract);
    const outcome = await runOrder(
      processor,
      { job_id: 1, parameters: encodeParameters(parameters as Record<string, unknown>, schema) },
      {
        workDir,
        signal: options.signal ?? new AbortController().signal,
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
