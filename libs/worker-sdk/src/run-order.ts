import type { OrderMessage } from '@reelay/contracts';
import { CleanUps } from './clean-ups.js';
import type { Outcome } from './outcome.js';
import { PauseSwitch } from './pause.js';
import { perform, validateOrder } from './pipeline.js';
import { noRecords } from './library-records.js';
import type { JobProcessor, LibraryRecords, PauseSignal, ProgressUpdate } from './processor.js';
import { WorkDirs } from './work-dirs.js';

/** What is watched while an order runs. */
export interface OrderObserver {
  progress(update: ProgressUpdate): void;
  log(line: string): void;
}

/** Runs one order with no broker, the same way as a worker does: validate, perform, outcome. */
export async function runOrder(
  processor: JobProcessor,
  message: OrderMessage,
  options: {
    workDir: string;
    signal: AbortSignal;
    pause?: PauseSignal;
    /** Left out, nothing is on record, and what is to be recorded goes to the log. */
    records?: LibraryRecords;
    observer: OrderObserver;
  },
): Promise<Outcome> {
  const validated = validateOrder(processor, message);
  if ('outcome' in validated) return validated.outcome;
  const workDirs = new WorkDirs(options.workDir);
  await workDirs.open();
  const cleanUps = new CleanUps();
  const undos = new CleanUps();
  try {
    const outcome = await perform(processor, validated.order, workDirs, {
      signal: options.signal,
      pause: options.pause ?? new PauseSwitch(),
      records:
        options.records ??
        noRecords((changes) => {
          for (const change of changes) options.observer.log(`record ${JSON.stringify(change)}`);
        }),
      afterCompleted: cleanUps.add,
      afterFailed: undos.add,
      progress: (update) => {
        options.observer.progress(update);
      },
      log: (line) => {
        options.observer.log(line);
      },
    });
    if (outcome.kind === 'completed') await cleanUps.run();
    if (outcome.kind === 'failed' && !outcome.retryable) await undos.run();
    return outcome;
  } finally {
    await workDirs.close();
  }
}
