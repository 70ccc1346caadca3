import { mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobDetail } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOOD_FILM } from '../support/bad-input.js';
import { makeVideo } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;
let film: string;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-library': 1 } });
  film = await makeVideo(reelay.mediaRoot, 'film.mp4', GOOD_FILM);
  await mkdir(inLibrary('packages/film/v0'), { recursive: true });
  await writeFile(inLibrary('packages/film/master.m3u8'), '#EXTM3U\n');
  await writeFile(inLibrary('packages/film/v0/1.m4s'), 'one');
  await writeFile(inLibrary('packages/film/.hidden'), 'of a job');
});
afterAll(() => reelay.stop());

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);

const copied = async (inputPath: string, to: string): Promise<JobDetail> =>
  reelay.api.until(await reelay.api.submit('upload_copy', { inputPath, to }), 'completed');

async function refused(inputPath: string, to: string): Promise<string | undefined> {
  const before = await readdir(reelay.mediaRoot, { recursive: true });
  const job = await reelay.api.until(await reelay.api.submit('upload_copy', { inputPath, to }), 'failed');
  expect(await readdir(reelay.mediaRoot, { recursive: true })).toEqual(before);
  return job.error?.code;
}

describe('a copy', () => {
  it('of a video is the same file by another name, with a record of its own', async () => {
    const job = await copied(film, 'public/shown/film.mp4');
    expect(job.destinationPaths).toEqual(['public/shown/film.mp4']);
    expect(job.result).toMatchObject({ outputPath: 'public/shown/film.mp4', mode: 'link', files: 1 });
    const [one, other] = await Promise.all([film, 'public/shown/film.mp4'].map((path) => stat(inLibrary(path))));
    expect(other?.ino).toBe(one?.ino);
    const { body } = await reelay.api.call<{ data: { path: string }[] }>('GET', '/api/media/videos?limit=100');
    expect(body.data.map(({ path }) => path)).toContain('public/shown/film.mp4');
  });

  it('of a folder has all that is in it, but what is hidden', async () => {
    const job = await copied('packages/film', 'public/film');
    expect(job.result).toMatchObject({ outputPath: 'public/film', mode: 'link', files: 2 });
    expect((await readdir(inLibrary('public/film'), { recursive: true })).sort()).toEqual([
      ...['master.m3u8', 'v0', 'v0/1.m4s'],
    ]);
    expect(await readFile(inLibrary('public/film/v0/1.m4s'), 'utf8')).toBe('one');
  });

  it('never overwrites', async () => {
    await writeFile(inLibrary('public/taken.mp4'), 'taken');
    expect(await refused(film, 'public/taken.mp4')).toBe('OUTPUT_EXISTS');
    expect(await refused(film, film)).toBe('OUTPUT_EXISTS');
    expect(await refused('packages/film', 'public/film')).toBe('OUTPUT_EXISTS');
    expect(await readFile(inLibrary('public/taken.mp4'), 'utf8')).toBe('taken');
  });

  it('does not go into itself, and follows no link', async () => {
    expect(await refused('packages/film', 'packages/film/v1')).toBe('INVALID_PARAMETERS');
    await symlink('/etc/hostname', inLibrary('packages/film/v0/2.m4s'));
    expect(await refused('packages/film', 'public/leak')).toBe('INVALID_PARAMETERS');
    await symlink('/etc', inLibrary('packages/etc'));
    expect(await refused('packages/etc', 'public/leak')).toBe('PATH_OUTSIDE_LIBRARY');
    expect(await refused('packages/none', 'public/none')).toBe('INPUT_NOT_FOUND');
  });
});
