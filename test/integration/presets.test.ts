import { BUILT_IN_PRESETS, type JobDetail, type PresetPlan, type PresetView } from '@reelay/contracts';
import { applyVideoChanges } from '@reelay/persistence';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../support/database.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay();
});
afterAll(() => reelay.stop());

const PRESETS = '/api/media/presets';
const { settings } = BUILT_IN_PRESETS.get('web-720p')!;
const smaller = { ...settings, video: { ...settings.video, maxWidth: 640, maxHeight: 360 } };

const show = async (reference: string): Promise<PresetView> =>
  (await reelay.api.call<PresetView>('GET', `${PRESETS}/${reference}`)).body;
const versionsOf = async (name: string): Promise<number[]> => {
  const { body } = await reelay.api.call<{ data: PresetView[] }>('GET', `${PRESETS}/${name}/versions`);
  return body.data.map(({ version }) => version);
};
const listed = async (): Promise<string[]> => {
  const { body } = await reelay.api.call<{ data: PresetView[] }>('GET', PRESETS);
  return body.data.map(({ name, version }) => `${name}@${String(version)}`);
};

describe('the built-in presets', () => {
  it('are listed, with their settings', async () => {
    expect(await listed()).toEqual([...BUILT_IN_PRESETS.keys()].map((name) => `${name}@1`));
    expect(await show('web-720p@1')).toMatchObject({ name: 'web-720p', version: 1, builtIn: true, settings });
    expect(await versionsOf('web-720p')).toEqual([1]);
  });

  it.each([
    ['POST', PRESETS, { name: 'web-720p', settings }],
    ['PUT', `${PRESETS}/web-720p`, { settings }],
    ['DELETE', `${PRESETS}/web-720p`, undefined],
  ])('cannot be changed by %s', async (method, path, body) => {
    const { status, body: problem } = await reelay.api.problem(method, path, body);
    expect([status, problem.code]).toEqual([409, 'PRESET_BUILT_IN']);
  });
});

describe('a preset of ours', () => {
  const create = (name: string) => reelay.api.call<PresetView>('POST', PRESETS, { name, description: 'D', settings });
  const change = (name: string, changed: object) =>
    reelay.api.call<PresetView>('PUT', `${PRESETS}/${name}`, { description: 'D', settings: changed });

  it('is made once', async () => {
    const { status, body } = await create('ours');
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: 'ours', version: 1, description: 'D', builtIn: false, settings });
    expect(await listed()).toContain('ours@1');
    const again = await reelay.api.problem('POST', PRESETS, { name: 'ours', settings });
    expect([again.status, again.body.code]).toEqual([409, 'PRESET_EXISTS']);
  });

  it('gets a new version by a change, and keeps the old one', async () => {
    await create('grows');
    expect((await change('grows', smaller)).body).toMatchObject({ version: 2, settings: smaller });
    expect((await show('grows')).version).toBe(2);
    expect((await show('grows@1')).settings).toEqual(settings);
    expect(await versionsOf('grows')).toEqual([2, 1]);
  });

  it('gets none when nothing changes', async () => {
    await create('stays');
    expect((await change('stays', settings)).body.version).toBe(1);
    expect(await versionsOf('stays')).toEqual([1]);
  });

  it('gets a version of its own for each of many changes at once', async () => {
    await create('crowd');
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => change('crowd', { ...settings, maxSeconds: n + 1 })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(await versionsOf('crowd')).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('that is deleted serves no new job, and its versions stay readable', async () => {
    await create('gone');
    expect((await reelay.api.call('DELETE', `${PRESETS}/gone`)).status).toBe(204);
    expect(await listed()).not.toContain('gone@1');
    expect(await versionsOf('gone')).toEqual([1]);
    for (const [method, body] of [['GET'], ['DELETE'], ['PUT', { settings }]] as const) {
      const answer = await reelay.api.problem(method, `${PRESETS}/gone`, body);
      expect([answer.status, answer.body.code]).toEqual([404, 'PRESET_NOT_FOUND']);
    }
    const job = { type: 'transcode', params: { inputPath: 'inbox/a.mp4', preset: 'gone@1' } };
    expect((await reelay.api.problem('POST', '/api/media/jobs', job)).body.code).toBe('PRESET_NOT_FOUND');
    // A version's name never means something else.
    expect((await create('gone')).body.version).toBe(2);
  });

  it.each<[string, object, string]>([
    ['a name that is none', { name: 'Our Preset', settings }, 'name'],
    ['no settings', { name: 'none' }, 'settings'],
    [
      'a container that cannot hold it',
      { name: 'bad', settings: { ...settings, container: 'webm' } },
      'settings.video.codec',
    ],
    ['a setting that nobody knows', { name: 'bad', settings: { ...settings, tune: 'film' } }, 'settings'],
  ])('is refused with %s', async (_, body, place) => {
    const { status, body: problem } = await reelay.api.problem('POST', PRESETS, body);
    expect(status).toBe(400);
    expect(problem.errors?.map(({ path }) => path)).toContain(place);
  });

  it('is in the job as it was when the job was submitted', async () => {
    await create('fixed');
    const id = await reelay.api.submit('transcode', { inputPath: 'inbox/a.mp4', preset: 'fixed' });
    await change('fixed', smaller);
    const { params }: JobDetail = await reelay.api.job(id);
    expect(params).toEqual({ inputPath: 'inbox/a.mp4', preset: 'fixed@1', settings });
    const next = await reelay.api.job(
      await reelay.api.submit('transcode', { inputPath: 'inbox/a.mp4', preset: 'fixed' }),
    );
    expect(next.params).toMatchObject({ preset: 'fixed@2', settings: smaller });
  });
});

describe('the plan of a preset', () => {
  const film = {
    ...{ container: 'mov,mp4', durationSeconds: 10, sizeBytes: 1000, bitrateKbps: 100 },
    video: {
      ...{ codec: 'h264', profile: 'High', pixelFormat: 'yuv420p', width: 1920, height: 1080 },
      ...{ displayAspectRatio: '16:9', fps: 50, rotation: 0, bitrateKbps: 90, interlaced: true },
    },
    audio: { codec: 'aac', channels: 6, sampleRate: 48_000, bitrateKbps: 10 },
  };
  let videoId = '';

  beforeAll(async () => {
    const store = await openStore(reelay.databaseUrl);
    await applyVideoChanges(store, [
      { jobId: videoId, change: { path: 'inbox/film.mp4', media: film, valid: true } },
      { jobId: videoId, change: { path: 'inbox/unseen.mp4', thumbnailPath: 'thumbnails/unseen.jpg' } },
    ]);
    const rows = await store.query<{ id: string }[]>("SELECT id FROM videos WHERE path = 'inbox/film.mp4'");
    videoId = rows[0]!.id;
    await store.destroy();
  });

  const planOf = (reference: string, body: object) =>
    reelay.api.call<PresetPlan>('POST', `${PRESETS}/${reference}/plan`, body);

  it('is the command that a worker runs', async () => {
    const { status, body } = await planOf('web-480p', { videoId, start: 1, end: 3 });
    expect(status).toBe(200);
    expect(body.preset).toBe('web-480p@1');
    expect(body.notes).toContain('it is interlaced: deinterlaced');
    expect(body.commands).toHaveLength(1);
    const command = body.commands[0]!.join(' ');
    expect(command).toMatch(/^ffmpeg .*-xerror -ss 1 .*-i file:inbox\/film\.mp4 -t 2 /);
    expect(command).toMatch(/-vf bwdif=mode=send_frame,scale=854:480,setsar=1 -c:v libx264 .*-ac 2/);
    expect(command).toMatch(/ file:playback\/film-web-480p\.mp4$/);
  });

  it('finds the video by its path, and heeds overrides', async () => {
    const { body } = await planOf('audio-mp3@1', {
      inputPath: 'inbox//film.mp4',
      overrides: { audio: { bitrateKbps: 64 } },
    });
    expect(body.commands[0]).toEqual(expect.arrayContaining(['libmp3lame', '64k']));
  });

  it.each<[string, string, object, number, string, string]>([
    [
      'a video that was never probed',
      'web-480p',
      { inputPath: 'inbox/unseen.mp4' },
      422,
      'VIDEO_NOT_PROBED',
      'inputPath',
    ],
    ['a file that nobody saw', 'web-480p', { inputPath: 'inbox/none.mp4' }, 422, 'VIDEO_NOT_PROBED', 'inputPath'],
    [
      'an id of nothing',
      'web-480p',
      { videoId: '550e8400-e29b-41d4-a716-446655440000' },
      422,
      'VIDEO_NOT_FOUND',
      'videoId',
    ],
    ['no input', 'web-480p', {}, 400, 'REQUEST_INVALID', 'inputPath'],
    ['a path out of the library', 'web-480p', { inputPath: '../film.mp4' }, 400, 'REQUEST_INVALID', 'inputPath'],
    ['a name that is too long', 'web-480p', { inputPath: `inbox/${'x'.repeat(300)}` }, 422, 'INVALID_PARAMETERS', ''],
    ['a part after the end', 'web-480p', { inputPath: 'inbox/film.mp4', start: 10 }, 422, 'INVALID_PARAMETERS', ''],
    [
      'overrides that contradict the preset',
      'web-480p',
      { inputPath: 'inbox/film.mp4', overrides: { container: 'mp3' } },
      ...([422, 'INVALID_PARAMETERS', 'overrides.video.codec'] as const),
    ],
  ])('is refused for %s', async (_, name, body, status, code, place) => {
    const answer = await reelay.api.problem('POST', `${PRESETS}/${name}/plan`, body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body.errors?.map(({ path }) => path)).toContain(place);
  });

  it('says what to do about a video that was never probed', async () => {
    const { body } = await reelay.api.problem('POST', `${PRESETS}/web-480p/plan`, { inputPath: 'inbox/unseen.mp4' });
    expect(body.detail).toContain('validate the video first');
  });

  it('needs a preset that is there', async () => {
    const answer = await reelay.api.problem('POST', `${PRESETS}/nobody/plan`, { inputPath: 'inbox/film.mp4' });
    expect([answer.status, answer.body.code]).toEqual([404, 'PRESET_NOT_FOUND']);
  });
});
