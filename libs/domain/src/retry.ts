/** How failed attempts are tried again. */
export interface RetryPolicy {
  /** Delay before the first retry, in ms; it doubles with each further one. */
  readonly baseMs: number;
  /** Longest delay, in ms, before chance adds its share. */
  readonly capMs: number;
  /** Share of the delay that chance may add, 0 to 1, so that jobs that failed together do not return together. */
  readonly jitter: number;
  /** How often a job may lose its worker before it fails. Losses do not count as retries. */
  readonly maxLosses: number;
}

/** Retries after 2, 4 and 8 minutes. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  baseMs: 2 * 60_000,
  capMs: 60 * 60_000,
  jitter: 0.1,
  maxLosses: 3,
};

/** What follows a failed attempt. */
export type RetryDecision = { readonly retry: true; readonly at: Date } | { readonly retry: false };

/**
 * Decides what follows a failed attempt.
 * @param random a number from 0 to 1, passed in so that the decision is a function of its input
 */
export function decideRetry(
  attempt: { retryCount: number; maxRetries: number; retryable: boolean },
  now: Date,
  policy: RetryPolicy = DEFAULT_RETRY_POLICY,
  random = 0,
): RetryDecision {
  if (!attempt.retryable || attempt.retryCount >= attempt.maxRetries) return { retry: false };
  const delay = Math.min(policy.capMs, policy.baseMs * 2 ** attempt.retryCount);
  return { retry: true, at: new Date(now.getTime() + Math.round(delay * (1 + policy.jitter * random))) };
}

/** Whether a job that lost its worker is given to another one. `lossCount` counts the losses before this one. */
export const survivesLoss = (lossCount: number, policy: RetryPolicy = DEFAULT_RETRY_POLICY): boolean =>
  lossCount < policy.maxLosses;
