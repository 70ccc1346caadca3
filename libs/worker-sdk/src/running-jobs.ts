import { StopRequest } from './errors.js';

/** Finished attempts that are remembered, so that an order delivered again is known. */
const REMEMBERED_MAX = 1_000;

/** The attempts that a worker runs, within its slots. */
export class RunningJobs {
  private readonly controllers = new Map<number, AbortController>();
  private readonly finished = new Set<number>();
  private reserved = 0;
  private idleWaiters: (() => void)[] = [];

  constructor(
    private readonly slots: number,
    private readonly onSlotFree: () => void,
  ) {}

  get ids(): number[] {
    return [...this.controllers.keys()];
  }

  get hasFreeSlot(): boolean {
    return this.reserved < this.slots;
  }

  /** Whether the attempt runs here, or did: its order was acknowledged on a channel that is gone. */
  knows(attemptId: number): boolean {
    return this.controllers.has(attemptId) || this.finished.has(attemptId);
  }

  /** Runs `work` in a slot. Call only with a free slot. */
  async run(work: () => Promise<void>): Promise<void> {
    this.reserved++;
    try {
      await work();
    } finally {
      this.reserved--;
      if (this.reserved === 0) for (const waiter of this.idleWaiters.splice(0)) waiter();
      this.onSlotFree();
    }
  }

  /**
   * Notes an attempt as running while `work` lasts, and lets it be stopped. One whose work throws was
   * never begun and is not remembered: its order goes back, and may come here again.
   */
  async track<T>(attemptId: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.controllers.set(attemptId, controller);
    try {
      const result = await work(controller.signal);
      this.remember(attemptId);
      return result;
    } finally {
      this.controllers.delete(attemptId);
    }
  }

  stop(attemptId: number): void {
    this.controllers.get(attemptId)?.abort(new StopRequest('cancelled'));
  }

  stopAll(): void {
    for (const controller of this.controllers.values()) controller.abort(new StopRequest('shutdown'));
  }

  whenIdle(): Promise<void> {
    return this.reserved === 0 ? Promise.resolve() : new Promise((resolve) => this.idleWaiters.push(resolve));
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
