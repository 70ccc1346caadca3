import { Worker } from 'node:worker_threads';
import type { PictureSize } from '@reelay/media';
import type { ModelFiles } from './model-description.js';
import { PendingLooks, type LookAnswer } from './thread-protocol.js';
import type { Detection, VisionModel } from './vision-model.js';

/**
 * Longest wait for an answer, in milliseconds. A picture takes a fifth of a second, a large model on a
 * busy machine several; and as many wait in line as the worker has slots.
 */
const ANSWER_WITHIN_MS = 100_000;

/**
 * Runs a model in a thread of its own, so that heartbeats and cancels are not held up while it looks.
 * The thread is started, and the model loaded, when the first picture comes. A thread that dies, or
 * that says nothing, is replaced when the next picture comes.
 */
export class ThreadedVisionModel implements VisionModel {
  readonly name: string;
  readonly input: PictureSize;
  readonly labels: readonly string[];
  private thread: ModelThread | null = null;

  constructor(private readonly files: ModelFiles) {
    ({ name: this.name, input: this.input, labels: this.labels } = files);
  }

  detect(rgb: Uint8Array<ArrayBuffer>): Promise<Detection[]> {
    if (this.thread === null || this.thread.gone) this.thread = new ModelThread(this.files);
    return this.thread.look(rgb);
  }
}

/** One thread, from its start to its end. */
class ModelThread {
  gone = false;
  private readonly looks = new PendingLooks();
  private readonly worker: Worker;

  constructor(files: ModelFiles) {
    this.worker = new Worker(new URL('./vision-thread.js', import.meta.url), { workerData: files, env: {} });
    // Only what waits for an answer keeps the process alive.
    this.worker.unref();
    this.worker.on('message', (answer: LookAnswer) => {
      this.looks.settle(answer);
      // After a fault the model may be in any state.
      if ('fault' in answer) this.end(answer.fault);
    });
    this.worker.on('error', (error: Error) => {
      this.end(error.message);
    });
    this.worker.on('exit', (code) => {
      this.end(`its thread ended with code ${String(code)}`);
    });
  }

  async look(rgb: Uint8Array<ArrayBuffer>): Promise<Detection[]> {
    const { request, answer } = this.looks.add(rgb);
    const timer = setTimeout(() => {
      this.end(`no answer within ${String(ANSWER_WITHIN_MS / 1000)} s`);
    }, ANSWER_WITHIN_MS);
    this.worker.ref();
    try {
      this.worker.postMessage(request, [rgb.buffer]);
      return await answer;
    } finally {
      clearTimeout(timer);
      if (this.looks.size === 0) this.worker.unref();
    }
  }

  private end(reason: string): void {
    this.gone = true;
    this.looks.failAll(reason);
    void this.worker.terminate();
  }
}
