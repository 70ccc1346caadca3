import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { moveToLibrary } from '@reelay/contracts';
import {
  describeSize,
  linkOrCopy,
  MediaError,
  produceOutput,
  removeMoved,
  safeLibraryPath,
  type LibraryInput,
  type LibraryOutput,
  type MediaLibrary,
} from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { moveTarget } from './move-to-library.plan.js';

type MoveOrder = Order<typeof moveToLibrary>;
/** What was done. */
interface Moved {
  readonly sizeBytes: number;
  readonly mode: 'move' | 'copy';
}

type MoveResult = ProcessorResult<typeof moveToLibrary>;

/**
 * Moves a file to one of the library's folders. First it has both names, then the old one is taken away, then the job
 * is completed and its row follows. Until the backend has that answer a hidden name beside the new one says that this job
 * put it there, so that an attempt which finds the old name gone goes on from where the last one died.
 */
export class MoveToLibraryProcessor implements JobProcessor<typeof moveToLibrary> {
  readonly contract = moveToLibrary;

  /** @param reserveBytes what a copy to another disk must leave free there */
  constructor(
    private readonly library: MediaLibrary,
    private readonly reserveBytes: number,
  ) {}

  async process(order: MoveOrder, job: JobContext): Promise<MoveResult> {
    const from = safeLibraryPath(order.parameters.inputPath);
    const target = moveTarget(from, order.parameters.directoryType, order.parameters.name);
    if (target.kind === 'same') return this.stay(await this.library.resolveInput(from), job);
    // The output before the input: the input may be gone, moved by an attempt that died.
    const input = await this.library.resolveInput(from).catch(notFoundAsNull);
    const output =
      target.kind === 'free'
        ? await this.library.freeOutput(target.name, order)
        : await this.library.resolveOutput(target.path, order).catch(inputGone(input, from));
    if (input === null && output.marker === null) throw notThere(from);
    return this.move(from, input, output, order, job);
  }

  private async move(
    from: string,
    input: LibraryInput | null,
    output: LibraryOutput,
    order: MoveOrder,
    job: JobContext,
  ): Promise<MoveResult> {
    // Once the old name is gone nothing may take the new one away.
    const producing = {
      signal: job.signal,
      afterCompleted: (cleanUp: () => Promise<void>): void => {
        job.afterCompleted(cleanUp);
      },
    };
    const { path, verified, adopted } = await produceOutput(this.library, output, order, producing, {
      make: (temporary) => this.giveName(from, input, temporary, job),
      verify: async (file, made): Promise<Moved> => ({ sizeBytes: (await stat(file)).size, mode: made ?? 'move' }),
    });
    if (adopted) job.log('an earlier attempt of this job had put it there already');
    job.progress({ phase: 'remove', percent: 95 });
    if (input !== null) {
      const { absolute } = await this.library.resolveInput(path);
      // A stop comes too late: the new name may have been seen.
      await removeMoved(input.absolute, absolute);
    }
    job.log(
      `${from} is now ${path} (${describeSize(verified.sizeBytes)}, ${verified.mode === 'copy' ? 'copied' : 'renamed'})`,
    );
    return {
      destinationPaths: [path],
      result: { outputPath: path, ...verified, videos: [{ path: from, movedTo: path }] },
    };
  }

  private async giveName(
    from: string,
    input: LibraryInput | null,
    temporary: string,
    job: JobContext,
  ): Promise<Moved['mode']> {
    if (input === null) throw notThere(from);
    if ((await lstat(join(await this.library.rootPath(), from))).isSymbolicLink()) {
      throw new MediaError('INVALID_PARAMETERS', `${from} is a link: move what it leads to`);
    }
    const { mode } = await linkOrCopy(input.absolute, temporary, {
      signal: job.signal,
      reserveBytes: this.reserveBytes,
      onCopied: (bytes, total) => {
        job.progress({ phase: 'copy', percent: (bytes / total) * 90 });
      },
    });
    return mode === 'copy' ? 'copy' : 'move';
  }

  private stay(input: LibraryInput, job: JobContext): MoveResult {
    job.log(`${input.relative} is there already`);
    const { relative: path, sizeBytes } = input;
    return { destinationPaths: [path], result: { outputPath: path, mode: 'none', sizeBytes, videos: [{ path }] } };
  }
}

const notThere = (path: string): MediaError => new MediaError('INPUT_NOT_FOUND', `${path} does not exist`);

function notFoundAsNull(error: unknown): null {
  if (error instanceof MediaError && error.code === 'INPUT_NOT_FOUND') return null;
  throw error;
}

/** Without an input, a name that is taken by others is not what is at fault. */
const inputGone =
  (input: LibraryInput | null, from: string) =>
  (error: unknown): never => {
    throw input === null ? notThere(from) : error;
  };
