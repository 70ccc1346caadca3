import type { Readable } from 'node:stream';

/** The output that a run's `readPipe` reads. */
export const PIPE_OUTPUT = 'pipe:3';

/** Ties somebody who reads a tool's pipe to the run of the tool. */
export class PipeReader {
  /** Starts to read; undefined where nobody does. */
  readonly start: ((pipe: Readable) => void) | undefined;
  private reading: Promise<void> = Promise.resolve();
  private failure: { readonly error: unknown } | null = null;

  /** @param onFailure ends the tool: nobody reads any more */
  constructor(read: ((pipe: Readable) => Promise<void>) | undefined, onFailure: () => void) {
    if (read === undefined) return;
    this.start = (pipe) => {
      this.reading = read(pipe).catch((error: unknown) => {
        this.failure = { error };
        onFailure();
        // What is in the pipe still would keep it open, and the tool's end from being seen.
        pipe.destroy();
      });
    };
  }

  /**
   * Waits until all was read.
   * @throws what the reader threw
   */
  async ended(): Promise<void> {
    await this.reading;
    if (this.failure !== null) throw this.failure.error;
  }
}
