import type { Logger } from './logger.js';

/** Exit status of a process that was told to stop and did. */
const EXIT_OK = 0;
/** Exit status when stopping failed or took too long. */
const EXIT_FAILED = 1;

/**
 * Runs `stop` once on the first SIGTERM or SIGINT and exits 0; a second signal, or `timeoutMs`,
 * ends the process at once with status 1.
 */
export function onShutdown(logger: Logger, timeoutMs: number, stop: (signal: string) => Promise<void>): void {
  let stopping = false;
  const handle = (signal: string): void => {
    if (stopping) process.exit(EXIT_FAILED);
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error({ timeoutMs }, 'stopping took too long');
      process.exit(EXIT_FAILED);
    }, timeoutMs).unref();
    stop(signal).then(
      () => process.exit(EXIT_OK),
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        process.exit(EXIT_FAILED);
      },
    );
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
}
