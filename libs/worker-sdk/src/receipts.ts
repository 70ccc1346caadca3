/** An answer of which nothing was heard is sent again after this time. */
const SAY_AGAIN_MS = 20_000;
/** After so many times the broker's word has to do: the answer is in its queue. */
const SAY_AGAIN_MAX = 3;

/** Waits for the backend's word on answers: whether they were taken. */
export class Receipts {
  private readonly waiting = new Map<number, (taken: boolean) => void>();

  /**
   * Whether the answer about an attempt was taken. Where the backend stays silent it counts as taken.
   * @param sayAgain sends the answer again
   */
  async of(attemptId: number, sayAgain: () => void): Promise<boolean> {
    let times = 0;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<boolean>((resolve) => {
        this.waiting.set(attemptId, resolve);
        timer = setInterval(() => {
          if (++times > SAY_AGAIN_MAX) resolve(true);
          else sayAgain();
        }, SAY_AGAIN_MS);
      });
    } finally {
      clearInterval(timer);
      this.waiting.delete(attemptId);
    }
  }

  /** The backend's word; nobody may wait for it any more. */
  note(attemptId: number, taken: boolean): void {
    this.waiting.get(attemptId)?.(taken);
  }

  /** Waits no longer for any. */
  giveUp(): void {
    for (const resolve of this.waiting.values()) resolve(true);
  }
}
