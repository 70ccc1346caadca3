import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { rendition, renditionAudio, segmentShape } from '@reelay/contracts';
import { attemptOfPartial, MediaError, partialName, systemErrorCode } from '@reelay/media';
import { z } from 'zod';

/** In a folder that grows: what tells who publishes to it. It is hidden, so that no player sees it. */
export const CLAIMS_FOLDER = '.publishing';

/** Written when the folder is complete, and nobody may join any more. */
const CLOSED_FILE = 'closed.json';

/** What a job publishes to a folder. */
const claim = z.strictObject({
  job: z.string(),
  /** Of the job's newest run; an older one that still runs has no say any more. */
  attempt: z.int(),
  source: z.string(),
  sourceHasSound: z.boolean(),
  ...segmentShape,
  renditions: z.array(rendition),
  audio: renditionAudio.nullable(),
});
export type Claim = z.infer<typeof claim>;

const closed = z.strictObject({ job: z.string() });

/** A folder that several jobs publish parts of one video to, while they make them. */
export class ClaimedFolder {
  private constructor(
    readonly absolute: string,
    private readonly path: string,
  ) {}

  /**
   * Opens a folder that is published to.
   * @param path relative to the library, for messages
   * @throws {MediaError} OUTPUT_EXISTS when it is there and is no such folder; INPUT_NOT_FOUND when nothing is there
   */
  static async open(absolute: string, path: string): Promise<ClaimedFolder> {
    const [folder, claims] = await Promise.all([absolute, join(absolute, CLAIMS_FOLDER)].map(lookAt));
    if (folder === null) throw new MediaError('INPUT_NOT_FOUND', `nothing was published to ${path}`);
    if (!folder?.isDirectory() || !claims?.isDirectory()) throw taken(path);
    return new ClaimedFolder(absolute, path);
  }

  /**
   * Makes the folder, or joins those who publish to it. A job that did so before goes on where it was. Of jobs that
   * come for the same tracks at the same moment, one joins at most.
   * @throws {MediaError} OUTPUT_EXISTS when the folder is of something else, complete, or of other renditions
   */
  static async join(absolute: string, path: string, own: Claim): Promise<ClaimedFolder> {
    await removePartials(absolute, own);
    while ((await lookAt(absolute)) === null) {
      if (await makeWithClaim(absolute, own)) return new ClaimedFolder(absolute, path);
    }
    const folder = await ClaimedFolder.open(absolute, path);
    await folder.mustBeOpenTo(own);
    await folder.write(claimFile(own), own);
    try {
      // Another may have come, or closed it, between the look and the claim: whoever looks last sees both claims.
      await folder.mustBeOpenTo(own);
    } catch (error) {
      await folder.release(own);
      throw error;
    }
    return folder;
  }

  /** All that is published to it. @param except a claim that is not looked at: a crash may have cut it off */
  async claims(except?: Claim): Promise<Claim[]> {
    const folder = join(this.absolute, CLAIMS_FOLDER);
    const left = [CLOSED_FILE, ...(except === undefined ? [] : [claimFile(except)])];
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.') && !left.includes(name));
    const read = await Promise.all(names.sort().map((name) => this.read(name, claim)));
    return read.filter((each) => each !== null);
  }

  /** The job that completed it; null while it grows. */
  async closedBy(): Promise<string | null> {
    return (await this.read(CLOSED_FILE, closed))?.job ?? null;
  }

  /** Whether a claim is still that of the newest run of its job. */
  async holds(own: Claim): Promise<boolean> {
    return (await this.read(claimFile(own), claim))?.attempt === own.attempt;
  }

  /** Notes that the folder is complete. */
  async close(job: string): Promise<void> {
    await this.write(CLOSED_FILE, { job });
  }

  /** Takes back a claim. @returns whether none is left */
  async release(own: Claim): Promise<boolean> {
    await rm(join(this.absolute, CLAIMS_FOLDER, claimFile(own)), { force: true });
    return (await this.claims()).length === 0;
  }

  /** Writes a file of the folder, which appears with all of its content. */
  async publish(name: string, text: string): Promise<void> {
    await replaceFile(join(this.absolute, name), text);
  }

  private async mustBeOpenTo(own: Claim): Promise<void> {
    if ((await this.closedBy()) !== null) throw taken(this.path);
    for (const other of await this.claims(own)) {
      const fits = (['source', 'frameRate', 'gopFrames'] as const).every((field) => other[field] === own[field]);
      const names = new Set(tracksOfClaim(other));
      if (!fits || tracksOfClaim(own).some((name) => names.has(name))) throw taken(this.path);
    }
  }

  private async write(name: string, value: unknown): Promise<void> {
    await replaceFile(join(this.absolute, CLAIMS_FOLDER, name), `${JSON.stringify(value, null, 2)}\n`);
  }

  private async read<T>(name: string, schema: z.ZodType<T>): Promise<T | null> {
    const text = await readFile(join(this.absolute, CLAIMS_FOLDER, name), 'utf8').catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return null;
      throw error;
    });
    if (text === null) return null;
    const parsed = schema.safeParse(parseJson(text));
    if (!parsed.success) throw taken(this.path);
    return parsed.data;
  }
}

/** The names of the folders that a claim is for. */
export const tracksOfClaim = ({ renditions, audio }: Pick<Claim, 'renditions' | 'audio'>): string[] => [
  ...renditions.map(({ name }) => name),
  ...(audio === null ? [] : ['audio']),
];

const taken = (path: string): MediaError =>
  new MediaError('OUTPUT_EXISTS', `${path} exists already, and is not open to these renditions`);

const claimFile = ({ job }: Claim): string => `${job}.json`;

/** The folder appears with the claim in it, so that others always know what it is. @returns false when it is there */
async function makeWithClaim(absolute: string, own: Claim): Promise<boolean> {
  const temporary = join(dirname(absolute), partialName(basename(absolute), `${own.job}_${String(own.attempt)}`));
  await mkdir(join(temporary, CLAIMS_FOLDER), { recursive: true });
  try {
    await writeFile(join(temporary, CLAIMS_FOLDER, claimFile(own)), `${JSON.stringify(own, null, 2)}\n`);
    await rename(temporary, absolute);
    return true;
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) throw error;
    return false;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** What runs of the job that were killed left behind. */
async function removePartials(absolute: string, { job }: Claim): Promise<void> {
  const folder = dirname(absolute);
  for (const name of await readdir(folder)) {
    if (attemptOfPartial(name)?.startsWith(`${job}_`) !== true) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** A file is replaced in one step: whoever reads it sees the old one or the new one. */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.new`);
  await writeFile(temporary, text);
  await rename(temporary, file);
}

/** Null where there is nothing. */
async function lookAt(path: string) {
  return lstat(path).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return null;
    throw error;
  });
}

/** Null for what is no JSON: a crash of the machine may have cut it off. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
