import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VideoDetail, VideoPage, WorkflowDetail } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { addSample, makeVideo, probeFile } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { jobOf, stepStates, WorkflowApi } from '../support/workflows.js';

/** Real encodes on a machine that may be slow. */
const OVER_WITHIN_MS = 300_000;
const TEST_MS = 360_000;

let reelay: Reelay;
let workflows: WorkflowApi;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-library': 1, 'worker-encode': 1, 'worker-analyze': 1 } });
  workflows = new WorkflowApi(reelay);
  await eventually('the workers are announced', async () => (await reelay.api.workers()).length === 3);
});
afterAll(() => reelay.stop());

/** The id of a video of the library, which is looked at first. */
async function known(path: string): Promise<string> {
  await reelay.api.until(await reelay.api.submit('validate', { inputPath: path }), 'completed', OVER_WITHIN_MS);
  const { data } = (await reelay.api.call<VideoPage>('GET', '/api/media/videos?limit=100')).body;
  return data.find((video) => video.path === path)!.id;
}

const record = async (id: string): Promise<VideoDetail> =>
  (await reelay.api.call<VideoDetail>('GET', `/api/media/videos/${id}`)).body;
const inLibrary = (path: unknown): string => join(reelay.mediaRoot, String(path));
const outputOf = ({ output }: WorkflowDetail): Record<string, unknown> => output as Record<string, unknown>;

describe('transcode_and_thumbnail', () => {
  it(
    'encodes a real video by a preset, and takes a picture of what came out',
    async () => {
      const videoId = await known(await addSample(reelay.mediaRoot, 'film.mp4'));
      const input = { videoId, preset: 'web-480p', timestamp: 2, width: 320 };
      const run = await workflows.until(
        await workflows.start('transcode_and_thumbnail', input),
        'completed',
        OVER_WITHIN_MS,
      );
      expect(stepStates(run)).toEqual({ transcode: 'completed', thumbnail: 'completed' });
      const { outputPath, thumbnailPath, preset } = outputOf(run);
      expect(preset).toBe('web-480p@1');
      const film = await probeFile(inLibrary(outputPath));
      const picture = film.streams.find(({ codec_type }) => codec_type === 'video');
      expect(picture).toMatchObject({ codec_name: 'h264' });
      expect(picture?.height).toBeLessThanOrEqual(480);
      const still = await probeFile(inLibrary(thumbnailPath));
      expect(still.streams[0]).toMatchObject({ codec_name: 'mjpeg', width: 320 });
      const thumbnail = await reelay.api.job(jobOf(run, 'thumbnail'));
      expect(thumbnail.params).toMatchObject({ inputPath: outputPath, timestamp: 2 });
    },
    TEST_MS,
  );
});

describe('ingest', () => {
  it(
    'checks a real video, then takes a picture, re-encodes and tags it; its record has all of it',
    async () => {
      const videoId = await known(await addSample(reelay.mediaRoot, 'new.mp4'));
      const run = await workflows.until(
        await workflows.start('ingest', { videoId, targetBitrate: 500 }),
        'completed',
        OVER_WITHIN_MS,
      );
      expect(stepStates(run)).toEqual({
        ...{ validate: 'completed', thumbnail: 'completed', reencode: 'completed', tags: 'completed' },
      });
      const output = outputOf(run);
      expect(output.valid).toBe(true);
      const video = await record(videoId);
      expect(video).toMatchObject({ valid: true, thumbnailPath: output.thumbnailPath });
      expect(video.tags.map(({ tag }) => tag)).toEqual(output.tags);
      expect((await probeFile(inLibrary(output.outputPath))).streams.map(({ codec_name }) => codec_name)).toContain(
        'h264',
      );
    },
    TEST_MS,
  );

  it(
    'of a file without a picture ends with the reason, and encodes nothing',
    async () => {
      const sound = await makeVideo(reelay.mediaRoot, 'sound.m4a', [
        '-f',
        'lavfi',
        '-i',
        'sine=duration=1',
        '-c:a',
        'aac',
      ]);
      const videoId = await known(sound);
      const run = await workflows.until(await workflows.start('ingest', { videoId }), 'completed', OVER_WITHIN_MS);
      expect(outputOf(run)).toMatchObject({ valid: false });
      expect(outputOf(run).reason).not.toBeNull();
      expect(stepStates(run)).toEqual({
        ...{ validate: 'completed', thumbnail: 'skipped', reencode: 'skipped', tags: 'skipped' },
      });
    },
    TEST_MS,
  );

  it(
    'of a file that was damaged since fails at once; it goes on from there when the file is mended',
    async () => {
      const path = await addSample(reelay.mediaRoot, 'damaged.mp4');
      const videoId = await known(path);
      await writeFile(inLibrary(path), 'no video at all');
      const id = await workflows.start('ingest', { videoId, tags: false });
      const failed = await workflows.until(id, 'failed', OVER_WITHIN_MS);
      expect(failed.error).toMatchObject({ code: 'INPUT_UNREADABLE', step: 'validate' });
      await copyFile(inLibrary('inbox/film.mp4'), inLibrary(path));
      expect(await workflows.act(id, 'retry')).toBe(200);
      const run = await workflows.until(id, 'completed', OVER_WITHIN_MS);
      expect(stepStates(run)).toMatchObject({ validate: 'completed', reencode: 'completed', tags: 'skipped' });
    },
    TEST_MS,
  );
});
