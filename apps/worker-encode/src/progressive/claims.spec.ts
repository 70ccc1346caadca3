import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partialName } from '@reelay/media';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLAIMS_FOLDER, ClaimedFolder, tracksOfClaim, type Claim } from './claims.js';

const PATH = 'packages/film';

let library: string;
let folder: string;

beforeEach(async () => {
  library = await mkdtemp(join(tmpdir(), 'reelay-claims-'));
  folder = join(library, 'film');
});
afterEach(() => rm(library, { recursive: true, force: true }));

const rendition = (name: string): Claim['renditions'][number] => ({
  ...{ name, width: 640, height: 360, level: '3' },
  ...{ videoBitrateKbps: 600, maxrateKbps: 800, bufsizeKbps: 1200 },
});
const audio = { bitrateKbps: 128, channels: 2, sampleRate: 48_000 };

/** What a job publishes: renditions by their names, and `audio`. */
const claimOf = (job: string, tracks: readonly string[], others: Partial<Claim> = {}): Claim => ({
  ...{ job, attempt: 1, source: 'videos/film.mp4', sourceHasSound: true, frameRate: '25', gopFrames: 50 },
  renditions: tracks.filter((name) => name !== 'audio').map(rendition),
  audio: tracks.includes('audio') ? audio : null,
  ...others,
});
const large = claimOf('job-1', ['720p']);
const small = claimOf('job-2', ['360p', 'audio']);

const joinAs = (claim: Claim): Promise<ClaimedFolder> => ClaimedFolder.join(folder, PATH, claim);
const open = (): Promise<ClaimedFolder> => ClaimedFolder.open(folder, PATH);

/** `joined`, or the code of the refusal. */
const endOf = (joined: Promise<unknown>): Promise<unknown> =>
  joined.then(
    () => 'joined',
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  );

describe('a folder that jobs publish to', () => {
  it('appears with the claim of who made it, and nothing else is left', async () => {
    const joined = await joinAs(large);
    expect(await joined.claims()).toEqual([large]);
    expect(await readdir(library)).toEqual(['film']);
    expect(await readdir(folder)).toEqual([CLAIMS_FOLDER]);
  });

  it('is joined by jobs that publish other tracks of the same video', async () => {
    await joinAs(large);
    await joinAs(small);
    expect(await (await open()).claims()).toEqual([large, small]);
    expect([large, small].map(tracksOfClaim)).toEqual([['720p'], ['360p', 'audio']]);
  });

  it.each<[string, Claim]>([
    ['a rendition that another publishes', claimOf('job-3', ['360p'])],
    ['the sound that another publishes', claimOf('job-3', ['240p', 'audio'])],
    ['another video', claimOf('job-3', ['240p'], { source: 'videos/other.mp4' })],
    ['another frame rate', claimOf('job-3', ['240p'], { frameRate: '30' })],
    ['segments of another length', claimOf('job-3', ['240p'], { gopFrames: 100 })],
  ])('is closed to who publishes %s', async (_, other) => {
    await joinAs(small);
    expect(await endOf(joinAs(other))).toBe('OUTPUT_EXISTS');
    expect(await (await open()).claims()).toEqual([small]);
  });

  it('is joined by one only of those who publish the same at the same moment', async () => {
    const jobs = ['job-1', 'job-2', 'job-3', 'job-4'].map((job) => claimOf(job, ['720p']));
    const ends = await Promise.all(jobs.map((each) => endOf(joinAs(each))));
    expect(ends.toSorted()).toEqual(['OUTPUT_EXISTS', 'OUTPUT_EXISTS', 'OUTPUT_EXISTS', 'joined']);
    expect(await (await open()).claims()).toEqual([jobs[ends.indexOf('joined')]]);
    expect(await readdir(library)).toEqual(['film']);
  });

  it('that is there already is never joined by two who publish the same at the same moment', async () => {
    await joinAs(small);
    const rivals = ['job-3', 'job-4', 'job-5'].map((job) => claimOf(job, ['720p']));
    const ends = await Promise.all(rivals.map((each) => endOf(joinAs(each))));
    const joined = rivals.filter((_, index) => ends[index] === 'joined');
    expect(joined.length).toBeLessThanOrEqual(1);
    expect(ends.filter((end) => end !== 'joined' && end !== 'OUTPUT_EXISTS')).toEqual([]);
    expect(await (await open()).claims()).toEqual([small, ...joined]);
  });

  it('is joined by all who publish different tracks at the same moment', async () => {
    const jobs = ['1080p', '720p', '360p', 'audio'].map((name, index) => claimOf(`job-${String(index)}`, [name]));
    expect(await Promise.all(jobs.map((each) => endOf(joinAs(each))))).toEqual(jobs.map(() => 'joined'));
    expect(await (await open()).claims()).toEqual(jobs);
  });

  it('belongs to the newest run of a job: an older one has no say any more', async () => {
    const first = await joinAs(large);
    expect(await first.holds(large)).toBe(true);
    const retry = { ...large, attempt: 2 };
    const second = await joinAs(retry);
    expect([await first.holds(large), await second.holds(retry)]).toEqual([false, true]);
    expect(await second.claims()).toEqual([retry]);
  });

  it('is complete for everybody once it was closed', async () => {
    const joined = await joinAs(large);
    expect(await joined.closedBy()).toBeNull();
    await joined.close('packager');
    expect(await (await open()).closedBy()).toBe('packager');
    expect(await joined.claims()).toEqual([large]);
    for (const claim of [small, { ...large, attempt: 2 }]) expect(await endOf(joinAs(claim))).toBe('OUTPUT_EXISTS');
  });

  it('tells who takes the last claim back that none is left', async () => {
    const first = await joinAs(large);
    const second = await joinAs(small);
    expect(await first.release(large)).toBe(false);
    expect(await first.holds(large)).toBe(false);
    expect(await second.claims()).toEqual([small]);
    expect(await second.release(small)).toBe(true);
  });

  it('can be joined again by who took its claim back, and by others in its place', async () => {
    const first = await joinAs(large);
    await joinAs(small);
    await first.release(large);
    expect(await endOf(joinAs(claimOf('job-3', ['720p'])))).toBe('joined');
    expect(await endOf(joinAs(large))).toBe('OUTPUT_EXISTS');
  });

  it('is joined again by whose own claim a crash cut off, and by nobody while that of another is', async () => {
    await joinAs(large);
    await joinAs(small);
    await writeFile(join(folder, CLAIMS_FOLDER, `${large.job}.json`), '{"job": "jo');
    expect(await endOf(joinAs(claimOf('job-3', ['240p'])))).toBe('OUTPUT_EXISTS');
    const again = { ...large, attempt: 2 };
    expect(await (await joinAs(again)).claims()).toEqual([again, small]);
  });

  it('shows files with all of their content, under their names only', async () => {
    const joined = await joinAs(large);
    await joined.publish('master.m3u8', 'one');
    await joined.publish('master.m3u8', 'another');
    expect(await readFile(join(folder, 'master.m3u8'), 'utf8')).toBe('another');
    expect((await readdir(folder)).sort()).toEqual([CLAIMS_FOLDER, 'master.m3u8']);
  });
});

describe('what is no such folder', () => {
  it('is not found where there is nothing', async () => {
    expect(await endOf(open())).toBe('INPUT_NOT_FOUND');
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a file', () => writeFile(folder, 'film')],
    ['a folder that nobody publishes to', () => mkdir(join(folder, '720p'), { recursive: true })],
    ['an empty folder that a link leads to', () => symlink(library, folder)],
  ])('is left as it is: %s', async (_, put) => {
    await put();
    expect(await endOf(open())).toBe('OUTPUT_EXISTS');
    expect(await endOf(joinAs(large))).toBe('OUTPUT_EXISTS');
    expect(await readdir(library)).toEqual(['film']);
  });

  it.each([
    ['of another form', '{"job":"job-1"}'],
    ['cut off by a crash of the machine', ''],
  ])('is one with a claim %s', async (_, text) => {
    await joinAs(large);
    await writeFile(join(folder, CLAIMS_FOLDER, 'job-1.json'), text);
    expect(await endOf(joinAs(small))).toBe('OUTPUT_EXISTS');
  });
});

describe('what a killed run left behind', () => {
  const half = (job: string, attempt: number): string => partialName('film', `${job}_${String(attempt)}`);

  it('goes when its job joins again, and that of other jobs stays', async () => {
    for (const name of [half('job-1', 1), half('job-2', 1)])
      await mkdir(join(library, name, CLAIMS_FOLDER), { recursive: true });
    await joinAs({ ...large, attempt: 2 });
    expect((await readdir(library)).sort()).toEqual([half('job-2', 1), 'film']);
  });
});
