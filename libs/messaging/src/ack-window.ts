import type { Delivery } from './consumer.js';

/**
 * Acknowledges in runs: when the oldest open deliveries are done, one frame settles them all.
 * Deliveries must be opened in the order in which they arrived.
 */
export class AckWindow {
  private open: { delivery: Delivery; done: boolean }[] = [];
  private scheduled = false;

  /** Notes a delivery. Then call `done` to have it acknowledged, or `leave` if it was settled otherwise. */
  enter(delivery: Delivery): { done: () => void; leave: () => void } {
    const entry = { delivery, done: false };
    this.open.push(entry);
    return {
      done: () => {
        entry.done = true;
        this.flushSoon();
      },
      leave: () => {
        this.open = this.open.filter((other) => other !== entry);
        this.flushSoon();
      },
    };
  }

  private flushSoon(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.flush();
    });
  }

  get size(): number {
    return this.open.length;
  }

  private flush(): void {
    this.scheduled = false;
    let count = 0;
    while (this.open[count]?.done) count++;
    this.open.splice(0, count).at(-1)?.delivery.ackUpToHere();
  }
}
