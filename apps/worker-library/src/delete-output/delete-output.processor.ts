import { lstat, readdir, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { deleteOutput } from '@reelay/contracts';
import { describeSize, type MediaLibrary } from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { pathsToRemove, refused } from './delete-output.plan.js';

/** How much there was of something. */
interface Amount {
  readonly files: number;
  readonly sizeBytes: number;
}

/** Removes what jobs made on the way. */
export class DeleteOutputProcessor implements JobProcessor<typeof deleteOutput> {
  readonly contract = deleteOutput;

  constructor(private readonly library: MediaLibrary) {}

  async process(
    { parameters }: Order<typeof deleteOutput>,
    job: JobContext,
  ): Promise<ProcessorResult<typeof deleteOutput>> {
    const found: { path: string; absolute: string }[] = [];
    const gone: string[] = [];
    // All are looked at before the first is removed.
    for (const path of pathsToRemove(parameters)) {
      const absolute = await this.library.resolveEntry(path);
      if (absolute === null) gone.push(path);
      else {
        await mustHaveNoRecord(path, job);
        found.push({ path, absolute });
      }
    }
    const removed: ({ path: string } & Amount)[] = [];
    for (const [index, { path, absolute }] of found.entries()) {
      job.signal.throwIfAborted();
      job.progress({ phase: 'remove', percent: (100 * index) / found.length });
      const amount = await amountOf(absolute);
      await rm(absolute, { recursive: true, force: true });
      removed.push({ path, ...amount });
      job.log(`removed ${path}: ${String(amount.files)} files, ${describeSize(amount.sizeBytes)}`);
    }
    for (const path of gone) job.log(`${path} is gone already`);
    const sizeBytes = removed.reduce((sum, each) => sum + each.sizeBytes, 0);
    return { destinationPaths: [], result: { removed, gone, sizeBytes } };
  }
}

/** @throws {MediaError} INVALID_PARAMETERS when it is, or holds, a video of the library */
async function mustHaveNoRecord(path: string, job: JobContext): Promise<void> {
  for await (const file of job.records.files(posix.dirname(path))) {
    if (file.missing || (file.path !== path && !file.path.startsWith(`${path}/`))) continue;
    throw refused(file.path, 'is a video of the library');
  }
}

async function amountOf(absolute: string): Promise<Amount> {
  const facts = await lstat(absolute);
  if (!facts.isDirectory()) return { files: 1, sizeBytes: facts.size };
  let [files, sizeBytes] = [0, 0];
  for (const name of await readdir(absolute)) {
    const below = await amountOf(join(absolute, name));
    files += below.files;
    sizeBytes += below.sizeBytes;
  }
  return { files, sizeBytes };
}
