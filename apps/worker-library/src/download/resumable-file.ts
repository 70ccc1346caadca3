import { open, readdir, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { attemptOfPartial, partialName, type AttemptIdentity, type FreeName } from '@reelay/media';
import { z } from 'zod';

/** What is known of a file that is being fetched; beside it on the disk, so that a next attempt can go on. */
const stateSchema = z.object({
  url: z.string(),
  /** Null when the server has none that is strong: then nothing can go on. */
  etag: z.string().nullable(),
  name: z.object({ directory: z.string(), base: z.string(), extension: z.string() }),
  contentType: z.string().nullable(),
  /** All of it is there, or was: it may have been published since. */
  whole: z.boolean(),
});
export type DownloadState = z.output<typeof stateSchema> & { readonly name: FreeName };

/**
 * The hidden file that a download is written to, with its state in another one: `.download.resume-<job>-<attempt>.partial`
 * and the same with `.json`. They outlive a lost attempt; the next one takes them over. Nobody needs them after a week.
 *
 * A lost attempt may still be running and have the file open. It can do no harm: it goes on only with the same strong
 * ETag, so that what it writes is what stands there, and to start anew it makes a new file under its own name.
 */
export class ResumableFile {
  private constructor(
    readonly path: string,
    private readonly statePath: string,
    private current: DownloadState | null,
  ) {}

  /** Takes over what earlier attempts of the job left of this URL, and removes the rest of it. */
  static async open(folder: string, attempt: AttemptIdentity, url: string): Promise<ResumableFile> {
    const job = attempt.jobId === null ? null : `resume-${attempt.jobId}-`;
    const own = partialName('download', `${job ?? 'resume-'}${String(attempt.attemptId)}`);
    const left = job === null ? [] : (await readdir(folder)).filter((name) => attemptOfPartial(name)?.startsWith(job));
    const states = await Promise.all(
      left
        .filter((name) => name.endsWith('.json'))
        .map(async (name) => ({ name, state: await readState(join(folder, name), url) })),
    );
    const usable = states.find(({ state }) => state !== null);
    const file = new ResumableFile(join(folder, own), join(folder, `${own}.json`), usable?.state ?? null);
    if (usable) {
      const data = join(folder, usable.name.replace(/\.json$/, ''));
      await rename(data, file.path).catch(() => undefined);
      await file.note(usable.state);
    }
    const keep = [own, `${own}.json`];
    for (const name of left.filter((each) => !keep.includes(each))) await rm(join(folder, name), { force: true });
    return file;
  }

  /** What is known of it; null before the server answered. */
  get state(): DownloadState | null {
    return this.current;
  }

  /** How much of it there is; 0 when nothing is. */
  async size(): Promise<number> {
    return (await stat(this.path).catch(() => null))?.size ?? 0;
  }

  async note(state: DownloadState | null): Promise<void> {
    this.current = state;
    if (state === null) await rm(this.statePath, { force: true });
    else await writeFile(this.statePath, JSON.stringify(state));
  }

  /** Opens it to go on at its end, or as a new file. */
  async openAt(position: number): Promise<FileHandle> {
    if (position > 0) return open(this.path, 'r+');
    await rm(this.path, { force: true });
    return open(this.path, 'wx');
  }

  /** Removes it; another attempt starts anew. */
  async remove(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(this.statePath, { force: true });
  }
}

/** Null for what is no state, or one of another URL. */
async function readState(path: string, url: string): Promise<DownloadState | null> {
  try {
    const state = stateSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return state.url === url ? state : null;
  } catch {
    return null;
  }
}
