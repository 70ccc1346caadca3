import type { BulkCreateAnswer, DirectoryTypeView, Settings, VideoPage, VideoView } from '@reelay/contracts';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startReelay, type Reelay } from '../support/reelay.js';

const JOBS = '/api/media/jobs';
const VIDEOS = '/api/media/videos';
const SETTINGS = '/api/media/settings';
const BUILT_IN = ['inbox', 'videos', 'playback', 'thumbnails', 'compilations', 'clips', 'public', 'packages', 'work'];

let reelay: Reelay;
let database: pg.Client;

beforeAll(async () => {
  reelay = await startReelay();
  database = new pg.Client({ connectionString: reelay.databaseUrl });
  await database.connect();
  await database.query(
    `INSERT INTO videos (path, video_codec, duration_seconds, missing_since) VALUES
       ('archive/a.mp4', 'h264', 5, null), ('archive/2024/b.mp4', 'h264', 5, null), ('archive/gone.mp4', 'h264', 5, now()),
       ('archive.mp4', 'h264', 5, null), ('archive-2/c.mp4', 'h264', 5, null), ('archive_2/d.mp4', 'h264', 5, null),
       ('raw/e.mp4', 'h264', 5, null), ('videos/f.mp4', 'h264', 5, null)`,
  );
});
afterAll(async () => {
  await database.end();
  await reelay.stop();
});

const set = async (...directoryTypes: string[]): Promise<Settings> =>
  (await reelay.api.call<Settings>('PATCH', SETTINGS, { library: { directoryTypes } })).body;
const folderOf = async (path: string): Promise<string | null> => {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM videos WHERE path = $1', [path]);
  return (await reelay.api.call<VideoView>('GET', `${VIDEOS}/${rows[0]!.id}`)).body.directoryType;
};
const pathsOf = async (query: string): Promise<string[]> =>
  (await reelay.api.call<VideoPage>('GET', `${VIDEOS}?sort=path&${query}`)).body.data.map(({ path }) => path);

const move = (directoryType: string) => ({
  type: 'move_to_library',
  params: { inputPath: 'inbox/a.mp4', directoryType },
});

describe('the setting of directory types', () => {
  it('is empty at first, also where the other settings were made before it', async () => {
    await reelay.api.call('PATCH', SETTINGS, { limits: { cpu: 3 } });
    const { body } = await reelay.api.call<Settings>('GET', SETTINGS);
    expect(body).toMatchObject({ limits: { cpu: 3 }, library: { directoryTypes: [] } });
  });

  it('is changed as a whole, and leaves the other settings', async () => {
    expect((await set('archive', 'raw')).library).toEqual({ directoryTypes: ['archive', 'raw'] });
    expect(await set('raw')).toMatchObject({ limits: { cpu: 3 }, library: { directoryTypes: ['raw'] } });
    await reelay.api.call('PATCH', SETTINGS, { limits: { cpu: 4 }, library: {} });
    const { body } = await reelay.api.call<Settings>('GET', SETTINGS);
    expect(body).toMatchObject({ limits: { cpu: 4 }, library: { directoryTypes: ['raw'] } });
  });

  it.each([
    [['archive', 'videos'], 'library.directoryTypes.1', 'is built in'],
    [['archive', 'archive'], 'library.directoryTypes.1', 'is there twice'],
    [['../etc'], 'library.directoryTypes.0', 'must be the name of a folder'],
    [Array.from({ length: 101 }, (_, n) => `a${String(n)}`), 'library.directoryTypes', '100'],
  ])('refuses %j, and stays as it was', async (directoryTypes, path, message) => {
    const { status, body } = await reelay.api.problem('PATCH', SETTINGS, { library: { directoryTypes } });
    expect([status, body.code]).toEqual([400, 'REQUEST_INVALID']);
    expect(body.errors).toMatchObject([{ path, message: expect.stringContaining(message) as string }]);
    expect((await reelay.api.call<Settings>('GET', SETTINGS)).body.library.directoryTypes).toEqual(['raw']);
  });
});

describe('a directory type that nobody knows', () => {
  const fault = (path: string) => ({
    ...{ path, code: 'not_found' },
    message:
      `there is no directory type etc: use one of ${BUILT_IN.join(', ')}, archive, ` +
      'or add it to library.directoryTypes in /api/media/settings',
  });

  beforeAll(() => set('archive'));

  it.each([
    move('etc'),
    { type: 'scan', params: { directoryType: 'etc' } },
    { type: 'compile_random', params: { directoryType: 'etc' } },
  ])('is refused in a job: $type', async (job) => {
    const { status, body } = await reelay.api.problem('POST', JOBS, job);
    expect([status, body.code, body.errors]).toEqual([422, 'INVALID_PARAMETERS', [fault('params.directoryType')]]);
  });

  it('is refused in a bulk, alone or with all', async () => {
    const jobs = [move('archive'), move('etc'), move('videos')];
    const all = await reelay.api.problem('POST', `${JOBS}/bulk`, { jobs });
    expect([all.status, all.body.errors]).toEqual([422, [fault('jobs.1.params.directoryType')]]);
    const { body } = await reelay.api.call<BulkCreateAnswer>('POST', `${JOBS}/bulk`, { jobs, atomic: false });
    expect(body.data).toMatchObject([
      { type: 'move_to_library' },
      { error: { code: 'INVALID_PARAMETERS', errors: [fault('params.directoryType')] } },
      { type: 'move_to_library' },
    ]);
  });

  it('is refused in a simulation, an action and a filter', async () => {
    const simulation = await reelay.api.problem('POST', `${JOBS}/simulate`, { jobs: [move('etc')] });
    expect([simulation.status, simulation.body.errors]).toEqual([422, [fault('params.directoryType')]]);
    const { rows } = await database.query<{ id: string }>("SELECT id FROM videos WHERE path = 'videos/f.mp4'");
    const action = { action: 'move', params: { directoryType: 'etc' } };
    const acted = await reelay.api.problem('POST', `${VIDEOS}/${rows[0]!.id}/actions`, action);
    expect([acted.status, acted.body.errors]).toEqual([422, [fault('params.directoryType')]]);
    const filtered = await reelay.api.problem('GET', `${VIDEOS}?directoryType=videos,etc`);
    expect([filtered.status, filtered.body.code, filtered.body.errors]).toEqual([
      ...[422, 'INVALID_PARAMETERS'],
      [fault('directoryType')],
    ]);
  });
});

describe('a directory type that is set', () => {
  beforeAll(() => set('archive', 'archive_2'));

  it('is taken in jobs at once', async () => {
    const { status } = await reelay.api.call('POST', JOBS, move('archive'));
    expect(status).toBe(201);
    const picked = await reelay.api.call<{ id: string }>('POST', JOBS, {
      type: 'compile_random',
      params: { directoryType: 'archive', seed: 1 },
    });
    const { params } = await reelay.api.job(picked.body.id);
    expect([...(params.inputPaths as string[])].sort()).toEqual(['archive/2024/b.mp4', 'archive/a.mp4']);
  });

  it('chooses its videos, which show it', async () => {
    expect(await pathsOf('directoryType=archive')).toEqual(['archive/2024/b.mp4', 'archive/a.mp4']);
    expect(await pathsOf('directoryType=archive_2,videos')).toEqual(['archive_2/d.mp4', 'videos/f.mp4']);
    const { data } = (await reelay.api.call<VideoPage>('GET', `${VIDEOS}?sort=path`)).body;
    expect(Object.fromEntries(data.map(({ path, directoryType }) => [path, directoryType]))).toEqual({
      ...{ 'archive/a.mp4': 'archive', 'archive/2024/b.mp4': 'archive', 'archive_2/d.mp4': 'archive_2' },
      ...{ 'archive.mp4': null, 'archive-2/c.mp4': null, 'raw/e.mp4': null, 'videos/f.mp4': 'videos' },
    });
    expect(await folderOf('archive/2024/b.mp4')).toBe('archive');
    expect(await folderOf('archive.mp4')).toBeNull();
  });

  it('is listed after the built-in ones, with its videos counted', async () => {
    const { body } = await reelay.api.call<{ data: DirectoryTypeView[] }>('GET', '/api/media/directory-types');
    expect(body.data).toEqual([
      ...BUILT_IN.map((type) => ({ type, builtIn: true, videos: type === 'videos' ? 1 : 0 })),
      { type: 'archive', builtIn: false, videos: 2 },
      { type: 'archive_2', builtIn: false, videos: 1 },
    ]);
  });

  it('that is removed leaves its videos, of no type, and its jobs', async () => {
    const { body: job } = await reelay.api.call<{ id: string }>('POST', JOBS, move('archive'));
    await set();
    expect(await folderOf('archive/a.mp4')).toBeNull();
    expect(await pathsOf('q=archive%20a')).toEqual(['archive/a.mp4']);
    expect((await reelay.api.problem('GET', `${VIDEOS}?directoryType=archive`)).status).toBe(422);
    expect((await reelay.api.problem('POST', JOBS, move('archive'))).status).toBe(422);
    expect((await reelay.api.job(job.id)).params).toMatchObject({ directoryType: 'archive' });
    const { body } = await reelay.api.call<{ data: DirectoryTypeView[] }>('GET', '/api/media/directory-types');
    expect(body.data.map(({ type }) => type)).toEqual(BUILT_IN);
  });
});
