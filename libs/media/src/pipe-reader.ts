import type { Readable } from 'node:stream';

/** Reads one further pipe of a tool to its end. The tool waits while it does not read. */
export type ReadPipe = (pipe: Readable) => Promise<void>;

/** The output that a run's `readPipes` reads whose place is this, from 0 on. */
export const pipeOutput = (place: number): string => `pipe:${String(3 + place)}`;

/** The output that the first of them reads. */
export const PIPE_OUTPUT = pipeOutput(0);

/** Reads a pipe as text, in pieces of any size. */
export const readText =
  (onText: (text: string) => void): ReadPipe =>
  async (pipe) => {
    for await (const text of pipe.setEncoding('utf8')) onText(text as string);
  };

/** Ties those who read a tool's pipes to the run of the tool. */
export class PipeReaders {
  /** One for each pipe: starts to read it. */
  readonly start: readonly ((pipe: Readable) => void)[];
  private readonly reading: Promise<void>[] = [];
  private failure: { readonly error: unknown } | null = null;

  /** @param onFailure ends the tool: nobody reads any more */
  constructor(readers: readonly ReadPipe[], onFailure: () => void) {
    this.start = readers.map((read) => (pipe: Readable) => {
      const reading = read(pipe).catch((error: unknown) => {
        this.failure ??= { error };
        onFailure();
        // What is in the pipe still would keep it open, and the tool's end from being seen.
        pipe.destroy();
      });
      this.reading.push(reading);
    });
  }

  /**
   * Waits until all was read.
   * @throws what the first reader that failed threw
   */
  async ended(): Promise<void> {
    await Promise.all(this.reading);
    if (this.failure !== null) throw this.failure.error;
  }
}
