/** Codes of failed media work. Programs may branch on them; messages may change. */
export type MediaErrorCode =
  /** The input file does not exist. */
  | 'INPUT_NOT_FOUND'
  /** The input is empty, corrupt, no regular file, or holds nothing that the work needs. */
  | 'INPUT_UNREADABLE'
  /** What was asked cannot be done with this input or name. */
  | 'INVALID_PARAMETERS'
  /** A path leads out of the library. */
  | 'PATH_OUTSIDE_LIBRARY'
  /** The output exists already. */
  | 'OUTPUT_EXISTS'
  /** ffmpeg, ffprobe, or an encoder or filter of theirs is missing. */
  | 'FEATURE_MISSING'
  /** The library's disk is full. */
  | 'DISK_FULL'
  /** ffmpeg or ffprobe got no more memory. */
  | 'OUT_OF_MEMORY'
  /** A file that a run wrote grew larger than it may. */
  | 'TOO_LARGE'
  /** A run took more CPU time than it may. */
  | 'CPU_TIME_EXCEEDED'
  /** ffmpeg or ffprobe ended with an error or by a signal. */
  | 'ENCODER_CRASHED'
  /** ffmpeg or ffprobe did nothing for too long. */
  | 'ENCODER_STALLED'
  /** The work ended, but its output failed verification. */
  | 'OUTPUT_INVALID'
  /** The library's folder is not there. */
  | 'LIBRARY_MISSING';

/** What a failure is made of, for logs and the job's record. */
export type MediaErrorFacts = Readonly<Record<string, unknown>>;

/** Thrown by everything in this library. */
export class MediaError extends Error {
  readonly code: MediaErrorCode;
  /** Set only where the thrower knows better than the table of codes whether another try helps. */
  readonly retryable: boolean | undefined;
  readonly facts: MediaErrorFacts;

  constructor(
    code: MediaErrorCode,
    message: string,
    options: ErrorOptions & { retryable?: boolean; facts?: MediaErrorFacts } = {},
  ) {
    super(message, options);
    this.name = 'MediaError';
    this.code = code;
    this.retryable = options.retryable;
    this.facts = options.facts ?? {};
  }
}

/** The `code` of an error that Node's file functions throw, such as `ENOENT`. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Gives a full disk its own code; any other error is returned as it is. */
export function withDiskFullCode(error: unknown): unknown {
  const code = systemErrorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new MediaError('DISK_FULL', 'no space left on the disk of the library', { cause: error })
    : error;
}
