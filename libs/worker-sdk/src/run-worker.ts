import { createLogger, EnvError, onShutdown } from '@reelay/platform';
import { readWorkerConfig } from './config.js';
import { WorkerError } from './errors.js';
import type { WorkerDefinition } from './processor.js';
import { indexProcessors } from './processors.js';
import { Worker } from './worker.js';

/** Exit status for a bad configuration (sysexits.h: EX_CONFIG). */
export const EXIT_CONFIG = 78;
/** Time to send the last answers and close, beyond the grace period. */
const CLOSE_MS = 10_000;

/**
 * Runs a worker service until it is told to stop (SIGTERM, SIGINT, or a `stop_worker` message).
 * A bad environment or unfit processors end the process with status 78 and one line on stderr.
 */
export async function runWorker(definition: WorkerDefinition): Promise<void> {
  try {
    const config = readWorkerConfig();
    const logger = createLogger({ name: definition.app, level: config.logLevel }).child({
      instance: config.instanceId,
    });
    const prepared = await definition.prepare();
    for (const note of prepared.notes ?? []) logger.info(note);
    const worker = new Worker({
      app: definition.app,
      version: definition.version,
      features: prepared.features,
      processors: indexProcessors(definition, prepared, config.jobTypes),
      config,
      logger,
      onStopRequest: () => process.kill(process.pid, 'SIGTERM'),
    });
    onShutdown(logger, config.graceSeconds * 1000 + CLOSE_MS, () => worker.stop());
    await worker.start();
  } catch (error) {
    if (!(error instanceof EnvError) && !hasCode(error)) throw error;
    process.stderr.write(`${definition.app}: ${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

/** Errors with a code were thrown on purpose: their message says what to do. */
const hasCode = (error: unknown): error is Error =>
  error instanceof WorkerError || (error instanceof Error && typeof (error as { code?: unknown }).code === 'string');
