import { StopRequest } from './errors.js';
import { PauseSwitch } from './pause.js';
import type { PauseSignal } from './processor.js';

/** Finished attempts that are remembered, so that an order delivered again is known. */
const REMEMBERED_MAX = 1_000;

interface RunningAttempt {
  readonly controller: AbortController;
  readonly pause: PauseSwitch;
}

/** The attempts that a worker runs, within its slots. */
export class RunningJobs {
  private readonly attempts = new Map<number, RunningAttempt>();
  private readonly finished = new Set<number>();
  /** Work that is under way, paused or not. */
  private active = 0;
  private idleWaiters: (() => void)[] = [];

  constructor(
    private readonly slots: number,
    private readonly onSlotFree: () => void,
  ) {}

  get ids(): number[] {
    return [...this.attempts.keys()];
  }

  /** Those that are paused; they are among `ids` as well. */
  get pausedIds(): number[] {
    return [...this.attempts].filter(([, { pause }]) => pause.paused).map(([attemptId]) => attemptId);
  }

  get hasFreeSlot(): boolean {
    return this.active - this.pausedIds.length < this.slots;
  }

  /** Whether the attempt runs here, or did: its order was acknowledged on a channel that is gone. */
  knows(attemptId: number): boolean {
    return this.attempts.has(attemptId) || this.finished.has(attemptId);
  }

  /** Runs `work` in a slot. Call only with a free slot. */
  async run(work: () => Promise<void>): Promise<void> {
    this.active++;
    try {
      await work();
    } finally {
      this.active--;
      if (this.active === 0) for (const waiter of this.idleWaiters.splice(0)) waiter();
      this.onSlotFree();
    }
  }

  /**
   * Notes an attempt as running while `work` lasts, and lets it be stopped and paused. One whose work throws
   * was never begun and is not remembered: its order goes back, and may come here again.
   */
  async track<T>(attemptId: number, work: (signal: AbortSignal, pause: PauseSignal) => Promise<T>): Promise<T> {
    const attempt = { controller: new AbortController(), pause: new PauseSwitch() };
    this.attempts.set(attemptId, attempt);
    try {
      const result = await work(attempt.controller.signal, attempt.pause);
      this.remember(attemptId);
      return result;
    } finally {
      this.attempts.delete(attemptId);
    }
  }

  /**
   * Pauses an attempt: its slot is free for another until it is resumed. One that was told to stop goes on to its end.
   * @returns whether it runs here
   */
  pause(attemptId: number): boolean {
    const attempt = this.attempts.get(attemptId);
    if (!attempt) return false;
    if (attempt.pause.paused || attempt.controller.signal.aborted) return true;
    attempt.pause.pause();
    this.onSlotFree();
    return true;
  }

  /**
   * Resumes an attempt at once, even when its slot was given to another: then one more runs than there are
   * slots, until any of them ends. To wait for a slot would be worse. The attempt's memory, files and VRAM
   * are taken as long as it exists, whoever waits; and a stream of new orders could keep it waiting forever.
   * @returns whether it runs here
   */
  resume(attemptId: number): boolean {
    const attempt = this.attempts.get(attemptId);
    attempt?.pause.resume();
    return attempt !== undefined;
  }

  /** Resumes all that is paused. */
  resumeAll(): void {
    for (const { pause } of this.attempts.values()) pause.resume();
  }

  /** Stops an attempt, paused or not. @returns whether it runs here */
  stop(attemptId: number): boolean {
    const attempt = this.attempts.get(attemptId);
    if (attempt) end(attempt, 'cancelled');
    return attempt !== undefined;
  }

  stopAll(): void {
    for (const attempt of this.attempts.values()) end(attempt, 'shutdown');
  }

  whenIdle(): Promise<void> {
    return this.active === 0 ? Promise.resolve() : new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  private remember(attemptId: number): void {
    this.finished.add(attemptId);
    if (this.finished.size <= REMEMBERED_MAX) return;
    for (const oldest of this.finished) {
      this.finished.delete(oldest);
      return;
    }
  }
}

/** The abort comes before the end of the pause: nothing that waited for that begins. */
function end({ controller, pause }: RunningAttempt, reason: StopRequest['reason']): void {
  controller.abort(new StopRequest(reason));
  pause.resume();
}
