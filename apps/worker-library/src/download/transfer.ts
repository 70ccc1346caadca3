import * as http from 'node:http';
import * as https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeSize, systemErrorCode } from '@reelay/media';
import type { GuardedAgents } from '@reelay/platform';
import { JobError, type JobContext } from '@reelay/worker-sdk';
import {
  describeUrl,
  judgeAnswer,
  MAX_REDIRECTS,
  mediaTypeOf,
  outputName,
  redirectTarget,
  requestHeaders,
  strongEtag,
  type Fetched,
  type Verdict,
} from './download.plan.js';
import type { ResumableFile } from './resumable-file.js';
import { TransferRate } from './transfer-rate.js';

/** Time for a host to take a connection and answer. */
const ANSWER_TIMEOUT_MS = 60_000;
/** A connection that brings nothing for this long is given up. */
const STALL_TIMEOUT_MS = 60_000;
/** Connections in a row that may be cut without getting any further. */
const MAX_FRUITLESS = 3;
/** Between a cut and the next connection; doubled each time. */
const FIRST_WAIT_MS = 500;

/** What to fetch, and within which bounds. */
export interface TransferRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBytes: number;
}

/** The network failed, which may be over soon. */
class CutError extends JobError {
  constructor(message: string) {
    super('DOWNLOAD_FAILED', message, true);
    this.name = 'CutError';
  }
}

/** Fetches one file into a `ResumableFile`. */
export class Transfer {
  /** Bytes that were there before this attempt's first connection. */
  resumedBytes = 0;
  private readonly rate: TransferRate;

  constructor(
    private readonly agents: GuardedAgents,
    private readonly request: TransferRequest,
    private readonly file: ResumableFile,
    private readonly job: JobContext,
  ) {
    this.rate = new TransferRate(job);
  }

  /**
   * Fetches all of it; a connection that is cut is followed by another one.
   * @throws {JobError} URL_REFUSED, DOWNLOAD_FAILED, TOO_LARGE, DISK_FULL
   * @throws the signal's reason after an abort
   */
  async run(): Promise<void> {
    let furthest = await this.fetchedBefore();
    this.resumedBytes = furthest;
    for (let fruitless = 0; ;) {
      try {
        await this.connectOnce();
        return;
      } catch (error) {
        this.job.signal.throwIfAborted();
        const now = await this.file.size();
        fruitless = now > furthest ? 1 : fruitless + 1;
        furthest = Math.max(furthest, now);
        // Where nothing was ever fetched the host is at fault, and the job's own retries wait for longer.
        if (!(error instanceof CutError) || furthest === 0 || fruitless > MAX_FRUITLESS) throw error;
        this.job.log(`${error.message} after ${describeSize(now)}: trying to go on`);
        await sleep(FIRST_WAIT_MS * 2 ** fruitless, undefined, { signal: this.job.signal });
      }
    }
  }

  private async fetchedBefore(): Promise<number> {
    return (this.file.state?.etag ?? null) === null ? 0 : this.file.size();
  }

  private async fetched(): Promise<Fetched | null> {
    const etag = this.file.state?.etag ?? null;
    const bytes = await this.fetchedBefore();
    return etag === null || bytes === 0 ? null : { bytes, etag };
  }

  private async connectOnce(): Promise<void> {
    const fetched = await this.fetched();
    const { answer, verdict, url } = await this.follow(fetched);
    try {
      switch (verdict.kind) {
        case 'whole':
          break;
        case 'restart':
          this.job.log('the file has changed on the server: starting anew');
          await this.file.remove();
          await this.file.note(null);
          throw new CutError('the server does not go on with what was fetched before');
        case 'body':
          await this.takeBody(answer, verdict, url);
      }
    } finally {
      answer.destroy();
    }
    if (this.file.state) await this.file.note({ ...this.file.state, whole: true });
  }

  /** Asks, and follows redirects by hand: each hop is checked, and secrets stay with the first host. */
  private async follow(fetched: Fetched | null): Promise<{
    answer: http.IncomingMessage;
    verdict: Exclude<Verdict, { kind: 'redirect' }>;
    url: URL;
  }> {
    let url = this.request.url;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const given = url.origin === this.request.url.origin ? this.request.headers : {};
      const answer = await this.ask(url, requestHeaders(given, fetched));
      try {
        const verdict = judgeAnswer(answer.statusCode ?? 0, answer.headers, fetched);
        if (verdict.kind !== 'redirect') return { answer, verdict, url };
        url = redirectTarget(url, verdict.location);
        this.job.log(`redirected to ${describeUrl(url)}`);
      } catch (error) {
        answer.destroy();
        throw error;
      }
      answer.destroy();
    }
    throw new JobError('DOWNLOAD_FAILED', `the server redirects more than ${String(MAX_REDIRECTS)} times`, false);
  }

  private ask(url: URL, headers: Record<string, string>): Promise<http.IncomingMessage> {
    const { signal } = this.job;
    return new Promise((resolve, reject) => {
      const request =
        url.protocol === 'https:'
          ? https.request(url, { agent: this.agents.https, headers, signal })
          : http.request(url, { agent: this.agents.http, headers, signal });
      const timer = setTimeout(() => {
        request.destroy(new Error(`no answer within ${String(ANSWER_TIMEOUT_MS / 1000)} s`));
      }, ANSWER_TIMEOUT_MS);
      request.once('response', (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      request.once('error', (error) => {
        clearTimeout(timer);
        reject(
          systemErrorCode(error) === 'URL_REFUSED' ? error : new CutError(`the connection failed (${wordsOf(error)})`),
        );
      });
      request.end();
    });
  }

  private async takeBody(
    answer: http.IncomingMessage,
    { from, totalBytes }: Extract<Verdict, { kind: 'body' }>,
    url: URL,
  ): Promise<void> {
    if (totalBytes !== null) this.refuseTooLarge(totalBytes);
    await this.refuseFullDisk(totalBytes === null ? 0 : totalBytes - from);
    if (from === 0) {
      await this.file.note({
        url: this.request.url.href,
        etag: strongEtag(answer.headers),
        name: outputName(url, answer.headers),
        contentType: mediaTypeOf(answer.headers),
        whole: false,
      });
    }
    const size = totalBytes === null ? 'of unknown size' : `of ${describeSize(totalBytes)}`;
    this.job.log(from === 0 ? `a file ${size}` : `a file ${size}: going on after ${describeSize(from)}`);
    const written = await this.write(answer, from, totalBytes);
    if (totalBytes !== null && written !== totalBytes) {
      throw new CutError(`the connection ended after ${describeSize(written)} of ${describeSize(totalBytes)}`);
    }
  }

  private async write(answer: http.IncomingMessage, from: number, totalBytes: number | null): Promise<number> {
    const handle = await this.file.openAt(from);
    this.rate.start(from, totalBytes);
    let position = from;
    try {
      const chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      for (;;) {
        await this.whilePaused();
        const next = await nextWithin(STALL_TIMEOUT_MS, chunks, answer);
        if (next.done) return position;
        this.refuseTooLarge(position + next.value.length);
        for (let offset = 0; offset < next.value.length;) {
          offset += (await handle.write(next.value, offset, undefined, position + offset)).bytesWritten;
        }
        position += next.value.length;
        this.rate.note(position);
      }
    } finally {
      await handle.close();
    }
  }

  private refuseTooLarge(bytes: number): void {
    if (bytes <= this.request.maxBytes) return;
    throw new JobError(
      'TOO_LARGE',
      `the file is larger than the ${describeSize(this.request.maxBytes)} that are allowed`,
    );
  }

  private async refuseFullDisk(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(this.file.path));
    if (bavail * bsize >= bytes) return;
    const free = `${describeSize(bavail * bsize)} are free, and ${describeSize(bytes)} are to come`;
    throw new JobError('DISK_FULL', `the disk of the library has too little space: ${free}`);
  }

  /** Nothing is read while the job is paused; the server waits, or gives up, and then the rest is asked for. */
  private async whilePaused(): Promise<void> {
    const { pause, signal } = this.job;
    signal.throwIfAborted();
    if (!pause.paused) return;
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        unsubscribe();
        reject(signal.reason as Error);
      };
      const unsubscribe = pause.onChange(() => {
        if (pause.paused) return;
        unsubscribe();
        signal.removeEventListener('abort', stop);
        resolve();
      });
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

/** The next piece of a body, unless it takes too long. */
async function nextWithin(
  timeoutMs: number,
  chunks: AsyncIterator<Buffer>,
  answer: http.IncomingMessage,
): Promise<IteratorResult<Buffer>> {
  const timer = setTimeout(() => {
    answer.destroy(new Error(`nothing came for ${String(timeoutMs / 1000)} s`));
  }, timeoutMs);
  try {
    return await chunks.next();
  } catch (error) {
    throw new CutError(`the connection was cut (${wordsOf(error)})`);
  } finally {
    clearTimeout(timer);
  }
}

/** Several addresses that failed are one error without a message of its own. */
function wordsOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message : String(first);
}
