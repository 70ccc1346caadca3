import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MediaError } from './errors.js';
import { MediaLibrary } from './library.js';
import { produceOutput, type OutputSteps, type Produced } from './publish.js';
import type { AttemptIdentity } from './published-marker.js';

const JOB = '770e8400-e29b-41d4-a716-446655440002';
const OTHER_JOB = '770e8400-e29b-41d4-a716-446655440003';
const PATH = 'out/film.sprite';
const MAIN = 'index.vtt';
const WHOLE = [MAIN, 'parts/1.jpg', 'parts/2.jpg'];

let root: string;
let out: string;
let library: MediaLibrary;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'reelay-publish-folder-'));
  out = join(root, 'out');
  await mkdir(out);
  library = new MediaLibrary(root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** All files below a folder, hidden ones too. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort();
}
const published = (name = 'film.sprite'): Promise<string[]> => filesBelow(join(out, name));
const hidden = async (): Promise<string[]> => (await readdir(out)).filter((name) => name.startsWith('.'));

let attempts = 0;
const attemptOf = (jobId: string | null): AttemptIdentity => ({ jobId, attemptId: ++attempts, parameters: {} });

const steps: OutputSteps<void, string> = {
  make: async (folder) => {
    await mkdir(join(folder, 'parts'));
    for (const name of WHOLE) await writeFile(join(folder, name), `${name} of it`);
  },
  verify: (folder) => readFile(join(folder, MAIN), 'utf8'),
};

interface Run {
  readonly produced: Produced<string>;
  readonly answered: () => Promise<void>;
}

/** Null for `path` lets a free name be made of `film`. */
async function produce(
  attempt: AttemptIdentity,
  path: string | null = PATH,
  changed: Partial<OutputSteps<void, string>> = {},
  signal = new AbortController().signal,
): Promise<Run> {
  const cleanUps: (() => Promise<void>)[] = [];
  const output =
    path === null
      ? await library.freeOutput({ directory: 'out', base: 'film', extension: 'sprite', main: MAIN }, attempt)
      : await library.resolveOutput(path, attempt, MAIN);
  const job = { signal, afterCompleted: (cleanUp: () => Promise<void>) => void cleanUps.push(cleanUp) };
  const produced = await produceOutput(library, output, attempt, job, { ...steps, ...changed });
  return {
    produced,
    answered: async () => {
      for (const cleanUp of cleanUps) await cleanUp();
    },
  };
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof MediaError ? error.code : error),
  );

describe('an output of several files', () => {
  it('appears with all of them, and leaves nothing else once that was answered', async () => {
    const seen: string[] = [];
    const verify = async (): Promise<string> => {
      seen.push(...(await readdir(out)).filter((name) => !name.startsWith('.')));
      return 'sound';
    };
    const { produced, answered } = await produce(attemptOf(JOB), PATH, { verify });
    expect(seen).toEqual([]);
    expect(produced).toEqual({ path: PATH, verified: 'sound', adopted: false });
    expect(await published()).toEqual(WHOLE);
    await answered();
    expect(await readdir(out)).toEqual(['film.sprite']);
  });

  it('that fails its check leaves nothing', async () => {
    const verify = (): Promise<string> => Promise.reject(new MediaError('OUTPUT_INVALID', 'too small'));
    expect(await codeOf(produce(attemptOf(JOB), PATH, { verify }))).toBe('OUTPUT_INVALID');
    expect(await readdir(out)).toEqual([]);
  });

  it('that is stopped before it has its name leaves nothing', async () => {
    const controller = new AbortController();
    const verify = (): Promise<string> => {
      controller.abort(new Error('stopped'));
      return Promise.resolve('sound');
    };
    await expect(produce(attemptOf(JOB), PATH, { verify }, controller.signal)).rejects.toThrow('stopped');
    expect(await readdir(out)).toEqual([]);
  });

  it.each([
    ['folder', (place: string) => mkdir(place).then(() => writeFile(join(place, 'mine'), 'of a person')), ['mine']],
    ['file', (place: string) => writeFile(place, 'of a person'), null],
  ])('never replaces a %s that came while it was made', async (_, put, left) => {
    const verify = async (): Promise<string> => {
      await put(join(root, PATH));
      return '';
    };
    expect(await codeOf(produce(attemptOf(JOB), PATH, { verify }))).toBe('OUTPUT_EXISTS');
    expect(await readdir(out)).toEqual(['film.sprite']);
    if (left) expect(await published()).toEqual(left);
    else expect(await readFile(join(root, PATH), 'utf8')).toBe('of a person');
  });

  it('takes the next free name where none was asked for', async () => {
    await produce(attemptOf(OTHER_JOB), null);
    const { produced } = await produce(attemptOf(JOB), null);
    expect(produced.path).toBe('out/film-2.sprite');
    expect(await published('film-2.sprite')).toEqual(WHOLE);
  });
});

describe('a worker that dies', () => {
  it('after the folder has its name is followed by an attempt that adopts all of it', async () => {
    await produce(attemptOf(JOB));
    for (const path of [PATH, null]) {
      const { produced } = await produce(attemptOf(JOB), path);
      expect(produced).toEqual({ path: PATH, verified: `${MAIN} of it`, adopted: true });
    }
    const { answered } = await produce(attemptOf(JOB));
    await answered();
    expect(await readdir(out)).toEqual(['film.sprite']);
    expect(await codeOf(produce(attemptOf(JOB)))).toBe('OUTPUT_EXISTS');
  });

  it('before that is followed by one that removes what it left, and makes it anew', async () => {
    await produce(attemptOf(JOB));
    // As it was when the folder still had its hidden name.
    const partial = join(out, `.film.${JOB}_1.partial.sprite`);
    await cp(join(root, PATH), join(out, 'copy'), { recursive: true });
    await rm(join(root, PATH), { recursive: true });
    await cp(join(out, 'copy'), partial, { recursive: true });
    await rm(join(out, 'copy'), { recursive: true });
    expect(await hidden()).toHaveLength(2);
    const { produced, answered } = await produce(attemptOf(JOB));
    expect(produced.adopted).toBe(false);
    await answered();
    expect(await readdir(out)).toEqual(['film.sprite']);
  });

  it('leaves what another job may not adopt, nor remove', async () => {
    await produce(attemptOf(JOB));
    expect(await codeOf(produce(attemptOf(OTHER_JOB)))).toBe('OUTPUT_EXISTS');
    await produce(attemptOf(OTHER_JOB), 'out/other.sprite');
    expect((await produce(attemptOf(JOB))).produced.adopted).toBe(true);
  });
});
