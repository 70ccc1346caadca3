/** Tells whether work is paused; a job's context gives one. */
export interface PauseSignal {
  readonly paused: boolean;
  /** Calls `listener` at every change, until the function that it returns is called. */
  onChange(listener: () => void): () => void;
}

/** What may interrupt a tool while it runs; a job's context fits. */
export interface RunControl {
  /** An abort ends the tool, paused or not. */
  readonly signal: AbortSignal;
  /** While it is paused, the tool is stopped and none is started; left out, it never is. */
  readonly pause?: PauseSignal | undefined;
}

/** Waits until work is not paused, or will never go on. */
export function untilResumed(pause: PauseSignal, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (pause.paused && !signal?.aborted) return;
      forget();
      signal?.removeEventListener('abort', look);
      resolve();
    };
    const forget = pause.onChange(look);
    signal?.addEventListener('abort', look);
    look();
  });
}
