import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MediaError } from './errors.js';
import { MediaLibrary } from './library.js';
import { produceOutput, type Produced } from './publish.js';
import type { AttemptIdentity } from './published-marker.js';

const JOB = '770e8400-e29b-41d4-a716-446655440002';
const OTHER_JOB = '770e8400-e29b-41d4-a716-446655440003';
const NAME = 'film.mp4';
const PATH = `out/${NAME}`;

let root: string;
let folder: string;
let library: MediaLibrary;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'reelay-publish-'));
  folder = join(root, 'out');
  await mkdir(folder);
  library = new MediaLibrary(root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const files = async (): Promise<string[]> => (await readdir(folder)).sort();
const visible = async (): Promise<string[]> => (await files()).filter((name) => !name.startsWith('.'));
const contentOf = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');

let attempts = 0;
const attemptOf = (jobId: string | null, parameters: unknown = { crf: 23 }): AttemptIdentity => ({
  jobId,
  attemptId: ++attempts,
  parameters,
});

interface Run {
  readonly attempt: AttemptIdentity;
  readonly controller: AbortController;
  /** What the backend's word that `completed` was taken sets off; a worker that dies never gets there. */
  readonly answered: () => Promise<void>;
  /** What a failure sets off that no retry helps. */
  readonly failed: () => Promise<void>;
  readonly produce: (options?: Options) => Promise<Produced<string>>;
}

interface Options {
  /** Null lets a free name be made of `film`. */
  readonly path?: string | null;
  readonly content?: string;
  readonly verify?: (file: string) => Promise<string>;
  readonly onPublished?: () => void;
}

function run(attempt: AttemptIdentity): Run {
  const controller = new AbortController();
  const cleanUps: (() => Promise<void>)[] = [];
  const undos: (() => Promise<void>)[] = [];
  return {
    attempt,
    controller,
    answered: async () => {
      for (const cleanUp of cleanUps) await cleanUp();
    },
    failed: async () => {
      for (const undo of undos) await undo();
    },
    produce: async ({ path = PATH, content = 'made', verify, onPublished } = {}) => {
      const output =
        path === null
          ? await library.freeOutput({ directory: 'out', base: 'film', extension: 'mp4' }, attempt)
          : await library.resolveOutput(path, attempt);
      return produceOutput(
        library,
        output,
        attempt,
        {
          signal: controller.signal,
          afterCompleted: (cleanUp) => {
            cleanUps.push(cleanUp);
            onPublished?.();
          },
          afterFailed: (undo) => {
            undos.push(undo);
          },
        },
        {
          make: (temporary) => writeFile(temporary, content),
          verify: verify ?? ((file) => readFile(file, 'utf8')),
        },
      );
    },
  };
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof MediaError ? error.code : error),
  );

describe('an output', () => {
  it('gets its name once it was verified, and leaves nothing else once that was answered', async () => {
    const { produce, answered } = run(attemptOf(JOB));
    expect(await produce()).toEqual({ path: PATH, verified: 'made', adopted: false });
    expect(await visible()).toEqual([NAME]);
    await answered();
    expect(await files()).toEqual([NAME]);
  });

  it('goes again when its attempt fails for good', async () => {
    const { produce, failed } = run(attemptOf(JOB));
    await produce();
    await failed();
    expect(await files()).toEqual([]);
  });

  it('stays when an attempt that came later has completed with it', async () => {
    const frozen = run(attemptOf(JOB));
    await frozen.produce();
    const later = run(attemptOf(JOB));
    expect(await later.produce()).toMatchObject({ adopted: true });
    await later.answered();
    await frozen.failed();
    expect(await files()).toEqual([NAME]);
  });

  it('stays when an attempt that came later has adopted it, and has not answered yet', async () => {
    const frozen = run(attemptOf(JOB));
    await frozen.produce();
    const later = run(attemptOf(JOB));
    await later.produce();
    await frozen.failed();
    expect(await visible()).toEqual([NAME]);
    await frozen.answered();
    expect(await run(attemptOf(JOB)).produce()).toMatchObject({ adopted: true });
  });

  it('of an order that names no job has no second name', async () => {
    await run(attemptOf(null)).produce();
    expect(await files()).toEqual([NAME]);
    expect(await codeOf(run(attemptOf(null)).produce())).toBe('OUTPUT_EXISTS');
  });

  it('that fails its check leaves nothing', async () => {
    const verify = (): Promise<string> => Promise.reject(new MediaError('OUTPUT_INVALID', 'too short'));
    expect(await codeOf(run(attemptOf(JOB)).produce({ verify }))).toBe('OUTPUT_INVALID');
    expect(await files()).toEqual([]);
  });

  it('that is stopped before it has its name leaves nothing', async () => {
    const { produce, controller } = run(attemptOf(JOB));
    const verify = (file: string): Promise<string> => {
      controller.abort(new Error('stopped'));
      return readFile(file, 'utf8');
    };
    await expect(produce({ verify })).rejects.toThrow('stopped');
    expect(await files()).toEqual([]);
  });

  it('that has its name when it is stopped is done', async () => {
    const { produce, controller } = run(attemptOf(JOB));
    const onPublished = (): void => {
      controller.abort(new Error('stopped'));
    };
    expect(await produce({ onPublished })).toMatchObject({ path: PATH });
    expect(await visible()).toEqual([NAME]);
  });

  it('never replaces a file that came while it was made', async () => {
    const verify = async (): Promise<string> => {
      await writeFile(join(folder, NAME), 'of a person');
      return '';
    };
    expect(await codeOf(run(attemptOf(JOB)).produce({ verify }))).toBe('OUTPUT_EXISTS');
    expect(await files()).toEqual([NAME]);
    expect(await contentOf(NAME)).toBe('of a person');
  });
});

describe('a worker that dies after it gave the output its name', () => {
  it('is followed by an attempt that verifies and adopts it', async () => {
    await run(attemptOf(JOB)).produce({ content: 'first' });
    const second = run(attemptOf(JOB));
    expect(await second.produce({ content: 'second' })).toEqual({ path: PATH, verified: 'first', adopted: true });
    await second.answered();
    expect(await files()).toEqual([NAME]);
  });

  it('may be followed by a death of that one, too', async () => {
    for (const content of ['first', 'second', 'third']) {
      const verified = (await run(attemptOf(JOB)).produce({ content })).verified;
      expect(verified).toBe('first');
    }
  });

  it('is followed by the same attempt when its order was not acknowledged', async () => {
    const attempt = attemptOf(JOB);
    await run(attempt).produce();
    expect((await run({ ...attempt }).produce()).adopted).toBe(true);
  });

  it('is followed by one that adopts an output whose name was not asked for', async () => {
    await writeFile(join(folder, NAME), 'of a person');
    await run(attemptOf(JOB)).produce({ path: null, content: 'first' });
    const second = await run(attemptOf(JOB)).produce({ path: null, content: 'second' });
    expect(second).toEqual({ path: 'out/film-2.mp4', verified: 'first', adopted: true });
    expect(await visible()).toEqual(['film-2.mp4', NAME].sort());
  });

  it('is followed by one that adopts each of several outputs once, in their order', async () => {
    const contents = ['a', 'b', 'c'];
    const first = run(attemptOf(JOB));
    for (const content of contents.slice(0, 2)) await first.produce({ path: null, content });
    const second = run(attemptOf(JOB));
    const produced: Produced<string>[] = [];
    for (const content of contents) produced.push(await second.produce({ path: null, content }));
    expect(produced.map(({ verified, adopted }) => [verified, adopted])).toEqual([
      ['a', true],
      ['b', true],
      ['c', false],
    ]);
    await second.answered();
    expect(await files()).toEqual(['film-2.mp4', 'film-3.mp4', NAME].sort());
  });
});

describe('what is not adopted', () => {
  it('is the output of another job', async () => {
    await run(attemptOf(OTHER_JOB)).produce();
    expect(await codeOf(run(attemptOf(JOB)).produce())).toBe('OUTPUT_EXISTS');
  });

  it('is an output of the same run', async () => {
    const { produce } = run(attemptOf(JOB));
    await produce();
    expect(await codeOf(produce())).toBe('OUTPUT_EXISTS');
  });

  it('is an output that was answered', async () => {
    const first = run(attemptOf(JOB));
    await first.produce();
    await first.answered();
    expect(await codeOf(run(attemptOf(JOB)).produce())).toBe('OUTPUT_EXISTS');
  });

  it('is what was made by other parameters', async () => {
    await run(attemptOf(JOB, { crf: 23 })).produce();
    expect(await codeOf(run(attemptOf(JOB, { crf: 30 })).produce())).toBe('OUTPUT_EXISTS');
  });

  it.each([
    ['put in its place', (path: string) => rm(path).then(() => writeFile(path, 'made'))],
    ['renamed to it', (path: string) => writeFile(`${path}.new`, 'made').then(() => rename(`${path}.new`, path))],
    ['written over it', (path: string) => writeFile(path, 'MADE')],
  ])('is a file that a person has %s', async (_, change) => {
    await run(attemptOf(JOB)).produce({ content: 'made' });
    await change(join(folder, NAME));
    const before = await contentOf(NAME);
    expect(await codeOf(run(attemptOf(JOB)).produce())).toBe('OUTPUT_EXISTS');
    expect(await contentOf(NAME)).toBe(before);
  });

  it('is an output that is found damaged; it stays for a person to look at', async () => {
    await run(attemptOf(JOB)).produce();
    const verify = (): Promise<string> => Promise.reject(new MediaError('OUTPUT_INVALID', 'it does not decode'));
    expect(await codeOf(run(attemptOf(JOB)).produce({ verify }))).toBe('OUTPUT_EXISTS');
    expect(await visible()).toEqual([NAME]);
  });
});

describe('a worker that dies before the output has its name', () => {
  /** What it leaves: the hidden names that a run had when it was verified, or was given its final name. */
  async function dieBeforeTheName(): Promise<void> {
    await run(attemptOf(JOB)).produce();
    await rm(join(folder, NAME));
  }

  it('is followed by one that makes it anew, and removes what was left', async () => {
    await dieBeforeTheName();
    await writeFile(join(folder, `.film.${JOB}_1.partial.mp4`), 'half');
    expect(await files()).toHaveLength(2);
    const next = run(attemptOf(JOB));
    expect(await next.produce({ content: 'again' })).toEqual({ path: PATH, verified: 'again', adopted: false });
    await next.answered();
    expect(await files()).toEqual([NAME]);
  });

  it("leaves what other jobs' attempts may still need", async () => {
    await dieBeforeTheName();
    await writeFile(join(folder, `.film.${JOB}_1.partial.mp4`), 'half');
    const left = await files();
    const other = run(attemptOf(OTHER_JOB));
    await other.produce({ path: 'out/other.mp4' });
    await other.answered();
    expect(await files()).toEqual([...left, 'other.mp4'].sort());
  });

  it('leaves alone an output of the job that has both its names', async () => {
    await run(attemptOf(JOB)).produce({ path: 'out/first.mp4' });
    await link(join(folder, 'first.mp4'), join(folder, 'seen.mp4'));
    const next = run(attemptOf(JOB));
    await next.produce({ path: 'out/second.mp4' });
    expect((await next.produce({ path: 'out/first.mp4' })).adopted).toBe(true);
  });
});
