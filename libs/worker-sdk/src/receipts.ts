/** An answer of which nothing was heard is sent again after this time. */
const SAY_AGAIN_MS = 20_000;
/** After so many times the broker's word has to do: the answer is in its queue. */
const SAY_AGAIN_MAX = 3;

/** What became of an answer. */
export interface Verdict {
  /** It completed the job. */
  readonly taken: boolean;
  /** The job is over without being completed. */
  readonly over: boolean;
}

interface Waiting {
  readonly resolve: (verdict: Verdict) => void;
  /** Whether the broker has the answer. */
  delivered: boolean;
}

/** Where the backend says nothing, an answer counts as taken once the broker has it. */
const unheard = (delivered: boolean): Verdict => ({ taken: delivered, over: false });

/** Waits for the backend's word on answers. */
export class Receipts {
  private readonly waiting = new Map<number, Waiting>();

  /**
   * What became of the answer about an attempt. Where the backend stays silent, one that the broker has counts as
   * taken. Call it before the answer can arrive.
   * @param delivered settles when the broker has the answer, however long that takes
   * @param sayAgain sends the answer again
   */
  async of(attemptId: number, delivered: Promise<void>, sayAgain: () => void): Promise<Verdict> {
    let resolve: Waiting['resolve'] = () => undefined;
    const word = new Promise<Verdict>((resolveWord) => {
      resolve = resolveWord;
    });
    const waiting: Waiting = { resolve, delivered: false };
    this.waiting.set(attemptId, waiting);
    let timer: NodeJS.Timeout | undefined;
    try {
      await Promise.race([delivered, word]);
      waiting.delivered = true;
      let times = 0;
      timer = setInterval(() => {
        if (++times > SAY_AGAIN_MAX) resolve(unheard(true));
        else sayAgain();
      }, SAY_AGAIN_MS);
      return await word;
    } finally {
      clearInterval(timer);
      this.waiting.delete(attemptId);
    }
  }

  /** The backend's word; nobody may wait for it any more. */
  note(attemptId: number, verdict: Verdict): void {
    this.waiting.get(attemptId)?.resolve(verdict);
  }

  /** Waits no longer for any: what the broker has counts as taken, and nothing else. */
  giveUp(): void {
    for (const { resolve, delivered } of this.waiting.values()) resolve(unheard(delivered));
  }
}
