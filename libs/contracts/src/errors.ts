/**
 * The stable codes of failed attempts, and whether trying again helps. The code that throws knows
 * best, so a message's own `retryable` wins over this table.
 */
export const JOB_ERROR_CODES = {
  /** The input file does not exist. */
  INPUT_NOT_FOUND: { retryable: false },
  /** The input exists but is empty, corrupt, or holds nothing that the job needs. */
  INPUT_UNREADABLE: { retryable: false },
  /** The parameters do not fit the job type's schema, or contradict the input. */
  INVALID_PARAMETERS: { retryable: false },
  /** A path leads out of the library. */
  PATH_OUTSIDE_LIBRARY: { retryable: false },
  /** The output exists already; nothing is ever overwritten. */
  OUTPUT_EXISTS: { retryable: false },
  /** A URL that is none, or that is, leads or redirects to an address which is not public. */
  URL_REFUSED: { retryable: false },
  /** The host could not be reached, was silent, broke off, or answered with an error. */
  DOWNLOAD_FAILED: { retryable: true },
  /** What is downloaded is larger than the job allows, or what ffmpeg writes than its worker does. */
  TOO_LARGE: { retryable: false },
  /** What was downloaded is not what its checksum stands for. */
  CHECKSUM_MISMATCH: { retryable: false },
  /** The video differs more from its reference than the job allows. */
  QUALITY_TOO_LOW: { retryable: false },
  /** No worker announced the job type within the time that a job waits for one. */
  UNROUTABLE: { retryable: false },
  /** The worker's ffmpeg lacks an encoder or filter that the job needs. */
  FEATURE_MISSING: { retryable: false },
  /** The library's folder is not there: a mount that is missing, or a wrong MEDIA_ROOT. */
  LIBRARY_MISSING: { retryable: true },
  /** The library's disk is full. */
  DISK_FULL: { retryable: true },
  /** The encoder got no more memory: the machine is short of it, or the worker's limit is tight. */
  OUT_OF_MEMORY: { retryable: true },
  /** The encoder took more CPU time than the worker allows. */
  CPU_TIME_EXCEEDED: { retryable: false },
  /** The encoder ended with an error or by a signal. */
  ENCODER_CRASHED: { retryable: true },
  /** The encoder made no progress for the stall timeout. */
  ENCODER_STALLED: { retryable: true },
  /** The work ended well, but its output failed verification, with room on the disk: it would do so again. */
  OUTPUT_INVALID: { retryable: false },
  /** The vision model could not be loaded, broke off, or gave no answer. */
  VISION_FAILED: { retryable: true },
  /** The worker stopped renewing its lease. */
  WORKER_LOST: { retryable: true },
  /** The order's deadline passed. */
  DEADLINE_EXCEEDED: { retryable: false },
  /** The processor threw something that it did not expect. */
  PROCESSOR_FAILED: { retryable: true },
  /** A worker of another make answered with an error that carries no code. */
  WORKER_ERROR: { retryable: true },
} as const satisfies Record<string, { retryable: boolean }>;

/** One of the codes that Reelay's own parts use. Workers of others may send further ones. */
export type JobErrorCode = keyof typeof JOB_ERROR_CODES;

/** Whether a retry may help; unknown codes are worth one, since retries are bounded. */
export function isRetryableCode(code: string): boolean {
  return Object.hasOwn(JOB_ERROR_CODES, code) ? JOB_ERROR_CODES[code as JobErrorCode].retryable : true;
}
