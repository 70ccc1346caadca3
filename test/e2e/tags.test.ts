import { copyFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ResultOf, tagGeneration, VideoDetail, VideoPage } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repoRoot } from '../../tools/lib/paths.mjs';
import { attemptStates } from '../support/encodes.js';
import { eventually } from '../support/eventually.js';
import { addSample, makeLongVideo, makeVideo, sampleShowsPerson, turnVideo } from '../support/media.js';
import { encodersOf } from '../support/process-tree.js';
import { startReelay, type Reelay } from '../support/reelay.js';

type TagResult = ResultOf<typeof tagGeneration>;

let reelay: Reelay;
let sample: string;
/** Without Debian's footage, the sample shows a test pattern; then nobody must be seen in it. */
let showsPerson: boolean;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-analyze': 1 } });
  sample = await addSample(reelay.mediaRoot);
  showsPerson = await sampleShowsPerson();
});
afterAll(() => reelay.stop());

async function tagged(params: Record<string, unknown>, { api } = reelay): Promise<TagResult> {
  const job = await api.until(await api.submit('tag_generation', params), 'completed', 90_000);
  return job.result as TagResult;
}

/** What the API shows of a video of the library. */
async function recordOf(path: string): Promise<VideoDetail> {
  const { data } = (await reelay.api.call<VideoPage>('GET', '/api/media/videos')).body;
  const { id } = data.find((video) => video.path === path)!;
  return (await reelay.api.call<VideoDetail>('GET', `/api/media/videos/${id}`)).body;
}

const personIn = ({ tags }: TagResult): TagResult['tags'][number] | undefined =>
  tags.find(({ tag }) => tag === 'person');

describe('the tags of a video', () => {
  it('name the person in real footage, on its record as well, where the API finds it', async () => {
    const result = await tagged({ inputPath: sample });
    expect(result).toMatchObject({ framesLooked: 4, stepSeconds: 2, width: 1280, height: 720 });
    const { data } = (await reelay.api.call<VideoPage>('GET', '/api/media/videos?tag=person')).body;
    expect(data.map(({ path }) => path)).toEqual(showsPerson ? [sample] : []);
    const video = await recordOf(sample);
    expect(video).toMatchObject({ tagModel: result.model, tags: result.tags, width: 1280 });
    if (!showsPerson) return;
    // The film shows the same person from its first picture to its last.
    expect(personIn(result)).toMatchObject({ times: [1, 3, 5, 7] });
    expect(personIn(result)?.confidence).toBeGreaterThan(0.5);
  });

  it('are made again, and replaced, by an action of the video', async () => {
    await tagged({ inputPath: sample });
    const { id } = await recordOf(sample);
    const answer = await reelay.api.call<{ id: string }>('POST', `/api/media/videos/${id}/actions`, {
      action: 'tags',
      params: { labels: ['zebra'], maxFrames: 2 },
    });
    expect(answer.status).toBe(201);
    expect((await reelay.api.until(answer.body.id, 'completed')).result).toMatchObject({ framesLooked: 2, tags: [] });
    expect((await recordOf(sample)).tags).toEqual([]);
  });

  it.each([
    ['testsrc2', 'testsrc2=size=1280x720:rate=25:duration=6'],
    ['smptebars', 'smptebars=size=720x576:rate=25:duration=6'],
    ['mandelbrot', 'mandelbrot=size=640x480:rate=25,trim=duration=6'],
  ])('name no person in the test picture %s', async (name, source) => {
    const inputPath = await makeVideo(reelay.mediaRoot, `${name}.mp4`, [
      ...['-f', 'lavfi', '-i', source, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
    ]);
    const result = await tagged({ inputPath, everySeconds: 1 });
    expect(result.framesLooked).toBe(6);
    expect(personIn(result)).toBeUndefined();
  });

  it('are those of the upright picture', async () => {
    const lying = await makeVideo(reelay.mediaRoot, 'lying.mp4', [
      ...['-i', join(reelay.mediaRoot, sample), '-t', '4', '-vf', 'transpose=clock', '-an'],
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-pix_fmt', 'yuv420p'],
    ]);
    const upright = await turnVideo(reelay.mediaRoot, 'upright.mp4', lying);
    const result = await tagged({ inputPath: upright, minConfidence: 0.5 });
    expect(result).toMatchObject({ width: 1280, height: 720 });
    expect(personIn(result) !== undefined).toBe(showsPerson);
    // It is the turn that does it: who lies on the side is not known again.
    expect(personIn(await tagged({ inputPath: lying, minConfidence: 0.5 }))).toBeUndefined();
  });

  it('come of pictures that lie further apart in a long video, each of which is sought', async () => {
    const inputPath = await makeVideo(reelay.mediaRoot, 'hour.mp4', [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=2:duration=3600', '-c:v', 'libx264', '-preset', 'ultrafast'],
    ]);
    expect(await tagged({ inputPath, maxFrames: 5 })).toMatchObject({ framesLooked: 5, stepSeconds: 720 });
  });

  it('cannot be asked for by names that the model does not know', async () => {
    const id = await reelay.api.submit('tag_generation', { inputPath: sample, labels: ['person', 'unicorn'] });
    const { error } = await reelay.api.until(id, 'failed');
    expect(error).toMatchObject({ code: 'INVALID_PARAMETERS', retryable: false });
    expect(error?.message).toContain('unicorn');
  });
});

describe('a job that looks at many pictures', () => {
  const STOPPED_WITHIN_MS = 5_000;
  let long: string;

  beforeAll(async () => {
    long = await makeLongVideo(reelay.mediaRoot, 'long.mp4', 60);
  });

  it('ends soon when it is cancelled, and the worker takes the next', async () => {
    const id = await reelay.api.submit('tag_generation', { inputPath: long, everySeconds: 0.1, maxFrames: 1000 });
    await eventually('the model looks', async () => (await reelay.api.job(id)).progress >= 1);
    await reelay.api.call('POST', `/api/media/jobs/${id}/cancel`);
    await eventually(
      'the attempt has ended, and no ffmpeg is left',
      async () =>
        (await attemptStates(reelay, id)).join() === 'stopped' && (await encodersOf(reelay.mediaRoot)).length === 0,
      STOPPED_WITHIN_MS,
    );
    expect((await tagged({ inputPath: sample, maxFrames: 1 })).framesLooked).toBe(1);
  });
});

describe('a model of the operator', () => {
  const models = join(
    dirname(createRequire(join(repoRoot, 'apps/worker-analyze/package.json')).resolve('@vladmandic/human')),
    '../models',
  );
  let folder: string;
  let own: Reelay;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reelay-model-'));
    await copyFile(join(models, 'centernet.json'), join(folder, 'centernet.json'));
    await copyFile(join(models, 'centernet.bin'), join(folder, 'centernet.bin'));
    await writeFile(join(folder, 'labels.txt'), ['human', 'bike', 'car', ''].join('\n'));
    const description = {
      name: 'mine-1',
      model: 'centernet.json',
      labels: 'labels.txt',
      input: { width: 512, height: 512 },
      output: { format: 'boxes', tensor: 'tower_0/detections' },
    };
    await writeFile(join(folder, 'vision-model.json'), JSON.stringify(description));
    own = await startReelay({ replicas: { 'worker-analyze': 1 }, env: { VISION_MODEL: folder } });
    await addSample(own.mediaRoot);
  });
  afterAll(async () => {
    await own.stop();
    await rm(folder, { recursive: true });
  });

  it('is used when it is named, and one that breaks is loaded anew by the next job', async () => {
    await truncate(join(folder, 'centernet.bin'), 1_000_000);
    const broken = await own.api.submit('tag_generation', { inputPath: sample }, { maxRetries: 0 });
    expect((await own.api.until(broken, 'failed')).error).toMatchObject({ code: 'VISION_FAILED', retryable: true });
    await copyFile(join(models, 'centernet.bin'), join(folder, 'centernet.bin'));
    const result = await tagged({ inputPath: sample, maxFrames: 2 }, own);
    expect(result.model).toBe('mine-1');
    expect(result.tags.map(({ tag }) => tag)).toEqual(showsPerson ? ['human'] : []);
    expect((await own.api.workers())[0]?.features).toContain('vision-mine-1');
  });
});
