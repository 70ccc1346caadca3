import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { download, type MediaInfo } from '@reelay/contracts';
import {
  describeMedia,
  describeSize,
  MediaError,
  probe,
  produceOutput,
  systemErrorCode,
  type Ffmpeg,
  type LibraryOutput,
  type MediaLibrary,
} from '@reelay/media';
import { guardedAgents, type AddressGuard, type GuardedAgents } from '@reelay/platform';
import {
  JobError,
  StopRequest,
  type JobContext,
  type JobProcessor,
  type Order,
  type ProcessorResult,
} from '@reelay/worker-sdk';
import { describeUrl, outputName } from './download.plan.js';
import { ResumableFile } from './resumable-file.js';
import { Transfer } from './transfer.js';

type DownloadOrder = Order<typeof download>;

/** What a file was found to be. */
interface Checked {
  readonly sizeBytes: number;
  readonly checksum: { readonly algorithm: string; readonly value: string };
}

/** Fetches a file into the library. */
export class DownloadProcessor implements JobProcessor<typeof download> {
  readonly contract = download;
  private readonly agents: GuardedAgents;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    guard: AddressGuard,
  ) {
    this.agents = guardedAgents(guard);
  }

  async process(order: DownloadOrder, job: JobContext): Promise<ProcessorResult<typeof download>> {
    const url = new URL(order.parameters.url);
    job.log(`download of ${describeUrl(url)}`);
    const place = await this.chooseOutput(order, url);
    const file = await ResumableFile.open(dirname(place.absolute), order, url.href);
    try {
      return await this.fetchAndPublish(order, url, place, file, job);
    } catch (error) {
      const canGoOn = (file.state?.etag ?? null) !== null;
      if (!canGoOn || !isWorthKeeping(error, job.signal)) await file.remove();
      throw error;
    }
  }

  private async fetchAndPublish(
    order: DownloadOrder,
    url: URL,
    place: LibraryOutput,
    file: ResumableFile,
    job: JobContext,
  ): Promise<ProcessorResult<typeof download>> {
    const { parameters } = order;
    const transfer = new Transfer(this.agents, { ...parameters, url, headers: parameters.headers ?? {} }, file, job);
    let output = await this.finalOutput(order, place, file);
    if (output.marker === null && !(await isWhole(file))) {
      await transfer.run();
      output = await this.finalOutput(order, place, file);
    }
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (temporary) => rename(file.path, temporary),
      verify: (finished) => this.verify(finished, parameters, transfer.resumedBytes > 0, job),
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    job.afterCompleted(() => file.remove());
    const media = await this.probe(path, job);
    const { sizeBytes, checksum } = verified;
    job.log(`output ${path}: ${media === null ? describeSize(sizeBytes) : describeMedia(media)}`);
    return {
      destinationPaths: [path],
      result: {
        outputPath: path,
        sizeBytes,
        checksum,
        contentType: file.state?.contentType ?? null,
        resumedBytes: transfer.resumedBytes,
        media,
        videos: media === null ? [] : [{ path, media }],
      },
    };
  }

  /** The folder counts; what the file is called is known for sure when the server has answered. */
  private async chooseOutput(order: DownloadOrder, url: URL): Promise<LibraryOutput> {
    const { outputPath } = order.parameters;
    return outputPath === undefined
      ? this.library.freeOutput(outputName(url, {}))
      : this.library.resolveOutput(outputPath, order);
  }

  private async finalOutput(order: DownloadOrder, place: LibraryOutput, file: ResumableFile): Promise<LibraryOutput> {
    if (place.madeFrom === null || file.state === null) return place;
    return this.library.freeOutput(file.state.name, order);
  }

  private async verify(
    file: string,
    { checksum: wanted }: DownloadOrder['parameters'],
    wasResumed: boolean,
    job: JobContext,
  ): Promise<Checked> {
    job.progress({ phase: 'verify', percent: 100 });
    const algorithm = wanted?.algorithm ?? 'sha256';
    const hash = createHash(algorithm);
    await pipeline(createReadStream(file), hash, { signal: job.signal });
    const value = hash.digest('hex');
    if (wanted !== undefined && wanted.value.toLowerCase() !== value) {
      const message = `the ${algorithm} of the file is ${value}, not ${wanted.value.toLowerCase()}`;
      // What was put together of several connections may be whole when it is fetched at once.
      throw new JobError('CHECKSUM_MISMATCH', message, wasResumed);
    }
    return { sizeBytes: (await stat(file)).size, checksum: { algorithm, value } };
  }

  /** A download need not be a media file. */
  private async probe(path: string, job: JobContext): Promise<MediaInfo | null> {
    try {
      const { absolute } = await this.library.resolveInput(path);
      return await probe(this.ffmpeg.tools, absolute, job);
    } catch (error) {
      if (error instanceof MediaError && error.code === 'INPUT_UNREADABLE') return null;
      throw error;
    }
  }
}

/** Whether all of it was fetched by an earlier attempt, and is still there. */
const isWhole = async (file: ResumableFile): Promise<boolean> =>
  file.state?.whole === true && (await stat(file.path).catch(() => null)) !== null;

/** What was fetched is kept for a next attempt, unless there is none, or it would hold a full disk. */
function isWorthKeeping(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted) return signal.reason instanceof StopRequest && signal.reason.reason === 'shutdown';
  const isFull = systemErrorCode(error) === 'ENOSPC' || (error instanceof JobError && error.code === 'DISK_FULL');
  return error instanceof JobError && error.retryable !== false && error.code === 'DOWNLOAD_FAILED' && !isFull;
}
