import { randomUUID } from 'node:crypto';
import {
  EXCHANGE,
  LIBRARY_PAGE,
  QUEUE,
  type DirectMessage,
  type KnownFile,
  type LibraryQuestion,
  type LibraryRequest,
  type VideoChange,
} from '@reelay/contracts';
import type { OutgoingMessage } from '@reelay/messaging';
import { JobError } from './errors.js';
import type { LibraryRecords } from './processor.js';

/** A request that was not answered in this time is sent again: the backend, or the broker, was away. */
const ASK_AGAIN_MS = 10_000;

type LibraryAnswer = Extract<DirectMessage, { type: 'library_answer' }>;

/** Asks the backend about the library's records, over the broker. */
export class LibraryDesk {
  private readonly waiting = new Map<string, (answer: LibraryAnswer) => void>();

  constructor(
    private readonly instanceId: string,
    /** Never fails: what is lost is asked again. */
    private readonly send: (message: OutgoingMessage) => void,
  ) {}

  /** Takes an answer; one that nobody waits for any more is passed over. */
  answered(answer: LibraryAnswer): void {
    this.waiting.get(answer.request_id)?.(answer);
  }

  /** The records as the processor of one attempt sees them. */
  recordsFor(attemptId: number, signal: AbortSignal): LibraryRecords {
    const ask = (request: LibraryQuestion): Promise<LibraryAnswer> => this.ask(attemptId, request, signal);
    return {
      async *files(folder) {
        for (let after = '', more = true; more;) {
          const page = await ask({ kind: 'files', folder, after });
          yield* page.files ?? [];
          after = page.files?.at(-1)?.path ?? '';
          more = page.more === true && after !== '';
        }
      },
      async withFingerprints(fingerprints) {
        const found: KnownFile[] = [];
        for (const part of partsOf(fingerprints)) {
          const { files = [] } = await ask({ kind: 'twins', fingerprints: part });
          found.push(...files);
        }
        return found;
      },
      async record(changes) {
        for (const part of partsOf(changes)) await ask({ kind: 'record', changes: part });
      },
    };
  }

  private async ask(attemptId: number, request: LibraryQuestion, signal: AbortSignal): Promise<LibraryAnswer> {
    signal.throwIfAborted();
    const content: LibraryRequest = {
      job_id: attemptId,
      instance_id: this.instanceId,
      request_id: randomUUID(),
      request,
    };
    const send = (): void => {
      this.send({ exchange: EXCHANGE.jobResponse, routingKey: QUEUE.jobLibrary, content });
    };
    const { promise, resolve, reject } = withResolvers<LibraryAnswer>();
    const again = setInterval(send, ASK_AGAIN_MS);
    const stop = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
    this.waiting.set(content.request_id, resolve);
    try {
      send();
      const answer = await promise;
      if (answer.refused !== undefined) throw new JobError('WORKER_LOST', answer.refused);
      return answer;
    } finally {
      clearInterval(again);
      signal.removeEventListener('abort', stop);
      this.waiting.delete(content.request_id);
    }
  }
}

function* partsOf<T>(items: readonly T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += LIBRARY_PAGE) yield items.slice(start, start + LIBRARY_PAGE);
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: Error) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<T>((resolvePromise, rejectPromise) => {
    resolve = resolvePromise;
    reject = rejectPromise;
  });
  return { promise, resolve, reject };
}

/** Where no backend is in reach: nothing is on record, and what is to be recorded is handed to `note`. */
export const noRecords = (note: (changes: readonly VideoChange[]) => void): LibraryRecords => ({
  async *files() {
    // Nothing is known.
  },
  withFingerprints: () => Promise.resolve([]),
  record: (changes) => {
    note(changes);
    return Promise.resolve();
  },
});
