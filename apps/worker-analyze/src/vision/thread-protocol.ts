import { JobError } from '@reelay/worker-sdk';
import type { Detection } from './vision-model.js';

/** A picture on its way to the model's thread; its bytes are handed over, not copied. */
export interface LookRequest {
  readonly id: number;
  readonly rgb: Uint8Array<ArrayBuffer>;
}

/** What the thread says to it. */
export type LookAnswer =
  { readonly id: number; readonly detections: Detection[] } | { readonly id: number; readonly fault: string };

interface Waiting {
  readonly resolve: (detections: Detection[]) => void;
  readonly reject: (error: Error) => void;
}

/** The pictures that a thread has been given and has not answered: each is answered once, or fails with it. */
export class PendingLooks {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  get size(): number {
    return this.waiting.size;
  }

  /** Notes a picture; `answer` settles, by the request's id, once it is known what is in it. */
  add(rgb: Uint8Array<ArrayBuffer>): { request: LookRequest; answer: Promise<Detection[]> } {
    const id = ++this.lastId;
    const answer = new Promise<Detection[]>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
    });
    return { request: { id, rgb }, answer };
  }

  /** Takes an answer; one to what nobody waits for is dropped. */
  settle(answer: LookAnswer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ('fault' in answer) waiting?.reject(visionFailed(answer.fault));
    else waiting?.resolve(answer.detections);
  }

  /** The thread is gone: nothing that it was given will be answered. */
  failAll(reason: string): void {
    const all = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of all) reject(visionFailed(reason));
  }
}

/** The failure of a job whose model gave no answer; the next try gets a new thread. */
const visionFailed = (reason: string): JobError => new JobError('VISION_FAILED', `the vision model failed: ${reason}`);
