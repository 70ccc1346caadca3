import { isRetryableCode } from '@reelay/contracts';
import { StopRequest } from './errors.js';

/** How an attempt ended: a value, so that one place answers and nothing is answered twice. */
export type Outcome =
  | {
      readonly kind: 'completed';
      readonly destinationPaths: readonly string[];
      readonly result: Record<string, unknown>;
    }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly retryable: boolean }
  | { readonly kind: 'stopped'; readonly reason: 'cancelled' | 'shutdown' };

/** Longest error message that is sent. */
const MESSAGE_MAX = 4_000;

/**
 * What a processor's error means. Once the signal is aborted every error is a consequence of that;
 * else an error's own `code` and `retryable` count, and an error without a code is a surprise.
 */
export function outcomeOfError(error: unknown, signal: AbortSignal): Outcome {
  if (signal.aborted) {
    const reason: unknown = signal.reason;
    return { kind: 'stopped', reason: reason instanceof StopRequest ? reason.reason : 'cancelled' };
  }
  const { code, retryable } = (error ?? {}) as { code?: unknown; retryable?: unknown };
  const message = (error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_MAX);
  // Node's own errors have codes too (ENOENT); those say nothing that the table of codes knows.
  const known = typeof code === 'string' && /^[A-Z]+(_[A-Z]+)+$/.test(code) && !code.startsWith('ERR_') ? code : null;
  if (known === null) {
    if (code === 'ENOSPC') return { kind: 'failed', code: 'DISK_FULL', message, retryable: true };
    return { kind: 'failed', code: 'PROCESSOR_FAILED', message, retryable: true };
  }
  return {
    kind: 'failed',
    code: known,
    message,
    retryable: typeof retryable === 'boolean' ? retryable : isRetryableCode(known),
  };
}
