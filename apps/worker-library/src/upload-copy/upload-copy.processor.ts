import { lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { uploadCopy, VIDEO_EXTENSIONS } from '@reelay/contracts';
import {
  describeSize,
  extensionOf,
  linkOrCopy,
  MediaError,
  probe,
  produceOutput,
  safeLibraryPath,
  type Ffmpeg,
  type MediaInfo,
  type MediaLibrary,
} from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';

/** Ends of names that videos have. */
const VIDEO_NAMES: ReadonlySet<string> = new Set(VIDEO_EXTENSIONS);

/** A file or a folder that is copied. */
interface Source {
  readonly relative: string;
  readonly absolute: string;
  /** Of a folder, the files in it, relative to it; of a file, null. */
  readonly files: readonly string[] | null;
}

/** What was copied. */
interface Copied {
  readonly mode: 'link' | 'copy';
  readonly files: number;
  readonly sizeBytes: number;
}

/** Copies a file or a folder of the library to another place of it. */
export class UploadCopyProcessor implements JobProcessor<typeof uploadCopy> {
  readonly contract = uploadCopy;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {}

  async process(order: Order<typeof uploadCopy>, job: JobContext): Promise<ProcessorResult<typeof uploadCopy>> {
    const source = await this.open(order.parameters.inputPath);
    const to = safeLibraryPath(order.parameters.to);
    if (`${to}/`.startsWith(`${source.relative}/`) && source.files !== null) {
      throw new MediaError('INVALID_PARAMETERS', `${to} is in the folder that is to be copied`);
    }
    const output = await this.library.resolveOutput(to, order, source.files?.[0]);
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (temporary) => this.copy(source, temporary, job),
      verify: (place) => compare(source, place),
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    const { files, sizeBytes, mode } = verified;
    const how = mode === 'link' ? 'by second names' : 'copied';
    job.log(`${source.relative} is now ${path} too: ${String(files)} files, ${describeSize(sizeBytes)}, ${how}`);
    const media = source.files === null ? await this.probeVideo(source, job) : null;
    const videos = media === null ? [] : [{ path, media, derivedFrom: source.relative }];
    return { destinationPaths: [path], result: { outputPath: path, ...verified, videos } };
  }

  /** @throws {MediaError} INPUT_NOT_FOUND, INPUT_UNREADABLE, PATH_OUTSIDE_LIBRARY, INVALID_PARAMETERS */
  private async open(path: string): Promise<Source> {
    const folder = await this.library.findFolder(path);
    if (folder === null) return { ...(await this.library.resolveInput(path)), files: null };
    const files = await filesIn(folder.absolute, '');
    if (files.length === 0) throw new MediaError('INPUT_UNREADABLE', `${folder.relative} has no files`);
    return { ...folder, files };
  }

  private async copy({ absolute, files }: Source, temporary: string, job: JobContext): Promise<void> {
    const { signal } = job;
    const { reserveBytes } = this.ffmpeg.tools;
    const names = files ?? [''];
    for (const [index, name] of names.entries()) {
      signal.throwIfAborted();
      const to = join(temporary, name);
      if (name !== '') await mkdir(dirname(to), { recursive: true });
      const onCopied = (bytes: number, total: number): void => {
        job.progress({ phase: 'copy', percent: ((index + bytes / total) / names.length) * 100 });
      };
      await linkOrCopy(join(absolute, name), to, { signal, reserveBytes, onCopied });
      onCopied(1, 1);
    }
  }

  /** Null for what is no video. */
  private async probeVideo({ relative, absolute }: Source, job: JobContext): Promise<MediaInfo | null> {
    if (!VIDEO_NAMES.has(extensionOf(relative))) return null;
    try {
      const media = await probe(this.ffmpeg.tools, absolute, job);
      return media.video === null ? null : media;
    } catch (error) {
      if (!(error instanceof MediaError) || error.code !== 'INPUT_UNREADABLE') throw error;
      job.log(`it gets no record, since it is no video: ${error.message}`);
      return null;
    }
  }
}

/**
 * The files of a folder and of those in it, in the order of their paths. Hidden ones stay behind: they are of jobs that run.
 * @throws {MediaError} INVALID_PARAMETERS for what is neither file nor folder, such as a link
 */
async function filesIn(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) files.push(...(await filesIn(root, path)));
    else if (entry.isFile()) files.push(path);
    else throw new MediaError('INVALID_PARAMETERS', `${path} is neither a file nor a folder: copy what it leads to`);
  }
  return files;
}

/** Checks that every file is there, and as large; that their content is the same was checked when it was copied. */
async function compare({ absolute, files }: Source, place: string): Promise<Copied> {
  const names = files ?? [''];
  let sizeBytes = 0;
  let mode: Copied['mode'] = 'link';
  for (const name of names) {
    const [from, to] = await Promise.all([lstat(join(absolute, name)), lstat(join(place, name)).catch(() => null)]);
    if (to?.size !== from.size) {
      throw new MediaError('OUTPUT_INVALID', `${name || 'the file'} is not as large as that which was copied`);
    }
    if (from.ino !== to.ino || from.dev !== to.dev) mode = 'copy';
    sizeBytes += to.size;
  }
  return { mode, files: names.length, sizeBytes };
}
