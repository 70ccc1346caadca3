import { access, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobDetail, qualityCheck, ResultOf } from '@reelay/contracts';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSample, makeVideo } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

type QualityResult = ResultOf<typeof qualityCheck>;

let reelay: Reelay;
let database: pg.Client;
let sample: string;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-library': 1 } });
  database = new pg.Client({ connectionString: reelay.databaseUrl });
  await database.connect();
  sample = await addSample(reelay.mediaRoot);
});

afterAll(async () => {
  await database.end();
  await reelay.stop();
});

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);

/** What the library's records say of a path. */
const recordOf = async (path: string): Promise<Record<string, unknown> | undefined> =>
  (await database.query<Record<string, unknown>>('SELECT * FROM videos WHERE path = $1', [path])).rows[0];

describe('a probe', () => {
  it('gives all that the headers say, and brings the record up to date', async () => {
    const job = await reelay.api.until(await reelay.api.submit('probe', { inputPath: sample }), 'completed');
    expect(job.result).toMatchObject({
      frames: null,
      media: { video: { codec: 'h264', width: 1280, height: 720 }, audio: { codec: 'aac' } },
    });
    expect(await recordOf(sample)).toMatchObject({ video_codec: 'h264', width: 1280, valid: null });
    const { id } = (await recordOf(sample)) as { id: string };
    const again = await reelay.api.until(await reelay.api.submit('probe', { videoId: id }), 'completed');
    expect(again.result).toEqual(job.result);
  });

  it('counts the pictures that are there, whatever their rate', async () => {
    const inputPath = await makeVideo(reelay.mediaRoot, 'uneven.mkv', [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=30:duration=4'],
      ...['-vf', "select='not(mod(n,7))+lt(n,30)'", '-fps_mode', 'vfr', '-c:v', 'libx264'],
    ]);
    const job = await reelay.api.until(await reelay.api.submit('probe', { inputPath, countFrames: true }), 'completed');
    // The first 30, and of the other 90 each seventh: 35, 42 and so on to 119.
    expect(job.result).toMatchObject({ frames: 43 });
    expect(job.log).toContain('43 pictures were decoded');
  });

  it('fails for what is no media file', async () => {
    await writeFile(inLibrary('inbox/text.mp4'), 'no video at all');
    const job = await reelay.api.until(await reelay.api.submit('probe', { inputPath: 'inbox/text.mp4' }), 'failed');
    expect(job.error).toMatchObject({ code: 'INPUT_UNREADABLE', retryable: false });
  });
});

describe('a move', () => {
  const moved = async (params: Record<string, unknown>): Promise<JobDetail> =>
    reelay.api.until(await reelay.api.submit('move_to_library', params), 'completed');
  const put = async (path: string, text = path): Promise<string> => {
    await writeFile(inLibrary(path), text);
    return path;
  };
  const isThere = (path: string): Promise<boolean> =>
    access(inLibrary(path)).then(
      () => true,
      () => false,
    );

  it('takes the record along, which keeps its id', async () => {
    const inputPath = await addSample(reelay.mediaRoot, 'to-move.mp4');
    await reelay.api.until(await reelay.api.submit('probe', { inputPath }), 'completed');
    const { id } = (await recordOf(inputPath)) as { id: string };
    const job = await moved({ videoId: id, directoryType: 'videos', name: 'A film.mp4' });
    expect(job).toMatchObject({ destinationPaths: ['videos/A film.mp4'], result: { mode: 'move' } });
    expect(await isThere(inputPath)).toBe(false);
    expect(await recordOf(inputPath)).toBeUndefined();
    expect(await recordOf('videos/A film.mp4')).toMatchObject({ id, width: 1280 });
    // The record leads to where the file is now.
    await reelay.api.until(await reelay.api.submit('validate', { videoId: id }), 'completed');
    const back = await moved({ videoId: id, directoryType: 'inbox', name: 'to-move.mp4' });
    expect(back.result).toMatchObject({ outputPath: inputPath });
    expect(await recordOf(inputPath)).toMatchObject({ id });
    expect((await readdir(inLibrary('videos'))).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('overwrites nothing', async () => {
    await put('clips/same.mp4', 'the one that was there');
    const inputPath = await put('inbox/same.mp4', 'the one that comes');
    const asked = await reelay.api.submit('move_to_library', { inputPath, directoryType: 'clips', name: 'same.mp4' });
    const failed = await reelay.api.until(asked, 'failed');
    expect(failed.error).toMatchObject({ code: 'OUTPUT_EXISTS', retryable: false });
    expect(await readFile(inLibrary(inputPath), 'utf8')).toBe('the one that comes');
    const numbered = await moved({ inputPath, directoryType: 'clips' });
    expect(numbered.destinationPaths).toEqual(['clips/same-2.mp4']);
    expect(await readFile(inLibrary('clips/same.mp4'), 'utf8')).toBe('the one that was there');
    expect(await readFile(inLibrary('clips/same-2.mp4'), 'utf8')).toBe('the one that comes');
  });

  it('to where the file is does nothing', async () => {
    const inputPath = await put('videos/stays.mp4');
    expect((await moved({ inputPath, directoryType: 'videos' })).result).toMatchObject({ mode: 'none' });
    expect(await isThere(inputPath)).toBe(true);
  });

  it('of what is not there, or is a link, fails and is not retried', async () => {
    const ends = async (inputPath: string, code: string): Promise<void> => {
      const id = await reelay.api.submit('move_to_library', { inputPath, directoryType: 'videos' });
      expect((await reelay.api.until(id, 'failed')).error).toMatchObject({ code, retryable: false });
    };
    await ends('inbox/never.mp4', 'INPUT_NOT_FOUND');
    // Something of that name stands at the target: it is not this job's, and stays.
    await put('videos/never.mp4');
    await ends('inbox/never.mp4', 'INPUT_NOT_FOUND');
    await symlink(inLibrary(await put('inbox/real.mp4')), inLibrary('inbox/link.mp4'));
    await ends('inbox/link.mp4', 'INVALID_PARAMETERS');
    expect(await isThere('inbox/real.mp4')).toBe(true);
  });
});

describe('a quality check', () => {
  const clip = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30:duration=4'];
  const x264 = (crf: number) => ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', String(crf), '-pix_fmt', 'yuv420p'];
  let referencePath: string;

  beforeAll(async () => {
    referencePath = await makeVideo(reelay.mediaRoot, 'reference.mp4', [...clip, ...x264(5)]);
  });

  const check = async (params: Record<string, unknown>): Promise<QualityResult> => {
    const id = await reelay.api.submit('quality_check', { referencePath, ...params });
    return (await reelay.api.until(id, 'completed')).result as unknown as QualityResult;
  };

  it('finds a copy the same as its reference, in every frame', async () => {
    const result = await check({ inputPath: referencePath, minSsim: 1, minPsnr: 100 });
    expect(result).toMatchObject({
      frames: 120,
      ssim: { mean: 1, min: 1, perSecondMin: [1, 1, 1, 1] },
      psnr: { mean: 100, perSecondMin: [100, 100, 100, 100] },
    });
  });

  it('finds a smaller and a coarser one worse, and knows the second that is spoilt', async () => {
    const good = await makeVideo(reelay.mediaRoot, 'good.mp4', [...clip, ...x264(23)]);
    const coarse = await makeVideo(reelay.mediaRoot, 'coarse.mkv', [...clip, '-vf', 'scale=160:90', ...x264(45)]);
    const spoilt = await makeVideo(reelay.mediaRoot, 'spoilt.mp4', [
      ...clip,
      ...['-vf', "drawbox=t=fill:color=black:enable='between(t,2.2,2.4)'"],
      ...x264(5),
    ]);
    const [one, other, third] = [
      await check({ inputPath: good }),
      await check({ inputPath: coarse }),
      await check({ inputPath: spoilt }),
    ];
    expect(one.frames).toBe(120);
    expect(one.ssim.mean).toBeGreaterThan(0.9);
    expect(other.ssim.mean).toBeLessThan(one.ssim.mean);
    expect(other.psnr.mean).toBeLessThan(one.psnr.mean);
    expect(third.ssim.perSecondMin.map((worst) => worst > 0.9)).toEqual([true, true, false, true]);
    expect(third.ssim.mean).toBeGreaterThan(0.9);
  });

  it('compares frames of the same time, whatever the rates and the start', async () => {
    // The picture stands still for half a second at a time: at any rate the frames of one time are the same.
    const still = (fps: number) => [
      ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=2:duration=5,fps=${String(fps)},trim=duration=4`],
      ...x264(5),
    ];
    const slow = await makeVideo(reelay.mediaRoot, 'slow.mp4', still(10));
    const quick = await makeVideo(reelay.mediaRoot, 'quick.ts', still(50));
    const result = await check({ inputPath: quick, referencePath: slow });
    expect(result.ssim.min).toBeGreaterThan(0.98);
    const sampled = await check({ inputPath: quick, referencePath: slow, everySeconds: 1 });
    expect(sampled.frames).toBe(4);
    expect(sampled.ssim.perSecondMin).toHaveLength(4);
  });

  it('fails below what is asked for, and is not retried', async () => {
    const poor = await makeVideo(reelay.mediaRoot, 'poor.mp4', [...clip, ...x264(50)]);
    const short = await makeVideo(reelay.mediaRoot, 'short.mp4', [...clip, '-t', '2', ...x264(5)]);
    for (const params of [{ inputPath: poor, minSsim: 0.99 }, { inputPath: poor, minPsnr: 60 }, { inputPath: short }]) {
      const id = await reelay.api.submit('quality_check', { referencePath, ...params });
      const job = await reelay.api.until(id, 'failed');
      expect(job).toMatchObject({ retryCount: 0, error: { code: 'QUALITY_TOO_LOW', retryable: false } });
    }
  });

  it('takes both videos by their ids', async () => {
    await reelay.api.until(await reelay.api.submit('probe', { inputPath: referencePath }), 'completed');
    const { id } = (await recordOf(referencePath)) as { id: string };
    const job = await reelay.api.submit('quality_check', { videoId: id, referenceVideoId: id, everySeconds: 1 });
    await reelay.api.until(job, 'completed');
    const answer = await reelay.api.problem('POST', '/api/media/jobs', {
      type: 'quality_check',
      params: { videoId: id },
    });
    expect(answer.body.errors).toMatchObject([
      { path: 'params.referencePath', message: 'give referencePath or referenceVideoId' },
    ]);
  });
});
