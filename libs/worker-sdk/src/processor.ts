import type { JobContract, KnownFile, ParametersOf, VideoChange } from '@reelay/contracts';
import type { z } from 'zod';

/** One attempt as a processor sees it: validated, with defaults filled in. */
export interface Order<C extends JobContract = JobContract> {
  readonly attemptId: number;
  /** Null when the order came from a backend that sends the protocol's own fields only. */
  readonly jobId: string | null;
  /** 1 for the first try of the job. */
  readonly attempt: number;
  /** The GPU that is meant for it, one of those that the worker announced; null when none was named. */
  readonly device: string | null;
  readonly parameters: ParametersOf<C>;
}

/** Where the work is. `percent` may repeat or fall; what is sent never falls. */
export interface ProgressUpdate {
  /** 0 to 100. */
  readonly percent: number;
  readonly phase?: string;
  readonly fps?: number;
  /** Media seconds per second; where no media is handled, megabytes per second. */
  readonly speed?: number;
  readonly etaSeconds?: number;
}

/** Tells whether a job is paused. */
export interface PauseSignal {
  readonly paused: boolean;
  /** Calls `listener` at every change, until the function that it returns is called. */
  onChange(listener: () => void): () => void;
}

/**
 * The library's records, which the backend keeps. What a job learns of a few videos belongs into its result; this is
 * for jobs that look at more of them than fit into one.
 */
export interface LibraryRecords {
  /** What is on record of the files below a folder, missing ones included, in the order of the bytes of their paths. */
  files(folder: string): AsyncIterable<KnownFile>;
  /** Files with these fingerprints, wherever they are; of many copies only some. */
  withFingerprints(fingerprints: readonly string[]): Promise<KnownFile[]>;
  /** Changes the records now, and not with the job's result. Resolves when they are changed. */
  record(changes: readonly VideoChange[]): Promise<void>;
}

/** What a processor may use besides its parameters. It never acks, publishes or reads the environment. */
export interface JobContext {
  /** Aborted when the job is cancelled, the claim is lost, or the worker shuts down. */
  readonly signal: AbortSignal;
  /** While it is paused, the work stands still: its programs are stopped and no further one is started. */
  readonly pause: PauseSignal;
  /** A private folder, made when it is first asked for and removed after the work ended, however it ended. */
  readonly workDir: string;
  readonly records: LibraryRecords;
  /** Throttled by the SDK: whole percents, at most one message a second. */
  progress(update: ProgressUpdate): void;
  /** Adds a line to the job's log. */
  log(line: string): void;
  /**
   * Takes what to do once the backend has taken the answer that the job is completed: to remove what a next
   * attempt would have needed. Not called when the attempt ends otherwise, or the worker dies before.
   */
  afterCompleted(cleanUp: () => Promise<void>): void;
  /** Takes how to undo what is in its place already, should the job be over without being completed. */
  afterFailed(undo: () => Promise<void>): void;
}

/** What a finished processor hands back. */
export interface ProcessorResult<C extends JobContract = JobContract> {
  /** Files that now exist at their final place, relative to the library. */
  readonly destinationPaths: readonly string[];
  readonly result: z.input<C['result']>;
}

/**
 * The code that does one job type's work. It throws on failure: an error with a string `code` (and
 * `retryable`, where it knows better than the table of codes) keeps it, any other is PROCESSOR_FAILED.
 */
export interface JobProcessor<C extends JobContract = JobContract> {
  readonly contract: C;
  process(order: Order<C>, job: JobContext): Promise<ProcessorResult<C>>;
}

/** What a worker service is made of. */
export interface WorkerDefinition {
  /** The service's name, such as `worker-encode`; its replicas share it. */
  readonly app: string;
  readonly version: string;
  /** Makes the processors, once, at start; throws what the service lacks (a missing ffmpeg). */
  prepare(): Promise<PreparedWorker>;
}

/** A worker that is ready to take orders. */
export interface PreparedWorker {
  readonly processors: readonly JobProcessor[];
  /** What was found at start and is announced: encoders, filters, a sandbox. */
  readonly features: readonly string[];
  /** What was found at start and is logged once: how ffmpeg is run. */
  readonly notes?: readonly string[];
}

/** Declares a worker service. */
export const defineWorker = (definition: WorkerDefinition): WorkerDefinition => definition;
