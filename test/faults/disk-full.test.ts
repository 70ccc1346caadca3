import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobDetail } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { FileServer } from '../support/file-server.js';
import { makeLongVideo, makeVideo } from '../support/media.js';
import { encodersOf } from '../support/process-tree.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { seenBy, withSmallDisk } from '../support/small-disk.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

/** Smaller than each of the outputs, and large enough for a short one. */
const DISK_KB = 600;
const CLIP_SECONDS = 6;
/** A larger disk, of which a part must stay free. */
const RESERVING = { diskKb: 20_000, reserveMb: 19 };

let reelay: Reelay;
let server: FileServer;
const workers: Partial<Record<'encode' | 'library' | 'muxing' | 'reserving', TestWorker>> = {};
let clip: string;
let shortClip: string;
let noise: string;
let coarse: string;

beforeAll(async () => {
  reelay = await startReelay();
  server = await FileServer.start();
  await mkdir(join(reelay.mediaRoot, 'playback/work'));
  const playback = join(reelay.mediaRoot, 'playback');
  const env = { WORK_DIR: join(playback, 'work'), DOWNLOAD_ALLOW: 'localhost' };
  for (const kind of ['encode', 'library', 'muxing'] as const) {
    const settings = { ...env, WORKER_HOST: kind, MIN_FREE_DISK_MB: '0' };
    workers[kind] = await startTestWorker(reelay, kind, kind, settings, withSmallDisk(playback, DISK_KB));
  }
  const settings = { ...env, WORKER_HOST: 'reserving', MIN_FREE_DISK_MB: String(RESERVING.reserveMb) };
  const disk = withSmallDisk(playback, RESERVING.diskKb);
  workers.reserving = await startTestWorker(reelay, 'encode', 'reserving', settings, disk);
  noise = await makeNoise('noise.mkv', 12);
  coarse = await makeNoise('coarse.mkv', 51);
  clip = await makeLongVideo(reelay.mediaRoot, 'clip.mp4', CLIP_SECONDS);
  const tiny = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=10:duration=2', '-pix_fmt', 'yuv420p'];
  shortClip = await makeVideo(reelay.mediaRoot, 'short.mp4', [...tiny, '-c:v', 'libx264']);
  await reelay.api.call('PATCH', '/api/media/settings', { retry: { baseSeconds: 0 } });
  await eventually(
    'the workers are announced',
    async () => new Set((await reelay.api.workers()).map(({ instanceId }) => instanceId)).size === 4,
    60_000,
  );
});
afterAll(async () => {
  await Promise.all(Object.values(workers).map((worker) => worker.stop()));
  await server.close();
  await reelay.stop();
});

/** A film that takes much room; with a high crf, only once it is encoded again. */
const makeNoise = (name: string, crf: number): Promise<string> =>
  makeVideo(reelay.mediaRoot, name, [
    ...['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=30:duration=${String(CLIP_SECONDS)},noise=alls=60:allf=t`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', String(crf), '-pix_fmt', 'yuv420p'],
  ]);

/** All files on the small disk of a worker. */
async function filesOn(kind: keyof typeof workers): Promise<string[]> {
  const folder = seenBy(workers[kind]?.pid ?? 0, join(reelay.mediaRoot, 'playback'));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** Submits a job whose output is larger than the disk; it fails once it has used up its retry, and nothing is left. */
async function fillsTheDisk(
  kind: keyof typeof workers,
  type: string,
  params: Record<string, unknown>,
): Promise<JobDetail> {
  const before = await filesOn(kind);
  const job = await reelay.api.until(
    await reelay.api.submit(type, params, { maxRetries: 1, target: kind }),
    'failed',
    60_000,
  );
  expect(job).toMatchObject({ retryCount: 1, destinationPaths: [], error: { code: 'DISK_FULL', retryable: true } });
  expect(await filesOn(kind)).toEqual(before);
  expect(await encodersOf(reelay.mediaRoot)).toEqual([]);
  return job;
}

describe('an output that is larger than the disk fails its job with DISK_FULL and leaves nothing:', () => {
  it('an MP4 that is encoded', () =>
    fillsTheDisk('encode', 'reencode_streaming', { inputPath: clip, force: true, preset: 'ultrafast', crf: 1 }));

  it('an MP4 that is remuxed, of which ffmpeg says that all went well', () =>
    fillsTheDisk('encode', 'reencode_streaming', { inputPath: clip, targetBitrate: 200_000 }));

  it('a transport stream', () => fillsTheDisk('muxing', 'mux_test', { inputPath: clip, format: 'mpegts' }));

  it('an HLS package', () => fillsTheDisk('muxing', 'mux_test', { inputPath: clip, format: 'hls' }));

  it('a download of a size that nobody told', async () => {
    const url = server.serve('/endless', (_request, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(65_536)), 5);
      response.once('close', () => {
        clearInterval(timer);
      });
    });
    await fillsTheDisk('library', 'download', { url, outputPath: 'playback/endless.bin' });
  });

  it('a file that is moved here from another disk, of which no byte is copied, and which stays where it was', async () => {
    await writeFile(join(reelay.mediaRoot, 'inbox/large.bin'), Buffer.alloc(2_000_000, 1));
    const move = { inputPath: 'inbox/large.bin', directoryType: 'playback' };
    const job = await fillsTheDisk('library', 'move_to_library', move);
    expect(job.error?.message).toMatch(/^the disk has [0-9.]+ kB free, and about 2 MB for the output are needed/);
    expect(await readdir(join(reelay.mediaRoot, 'inbox'))).toContain('large.bin');
  });

  it('a thumbnail', async () => {
    const inputPath = await makeVideo(reelay.mediaRoot, 'large-picture.mp4', [
      ...['-f', 'lavfi', '-i', 'nullsrc=size=1920x1080:rate=5:duration=1,geq=random(1)*255:128:128'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '1', '-pix_fmt', 'yuv420p'],
    ]);
    const outputPath = 'playback/noise.jpg';
    await fillsTheDisk('library', 'thumbnail_generate', { inputPath, outputPath, width: 1920, timestamp: 0 });
  });
});

describe('where a reserve must stay free', () => {
  const failed = async (params: Record<string, unknown>) =>
    reelay.api.until(
      await reelay.api.submit('reencode_streaming', { force: true, ...params }, { maxRetries: 0, target: 'reserving' }),
      'failed',
      60_000,
    );

  it('an encode that would not leave it is not begun, and the error has the figures', async () => {
    const job = await failed({ inputPath: noise, targetBitrate: 200_000 });
    expect(job).toMatchObject({ error: { code: 'DISK_FULL', retryable: true } });
    expect(job.error?.message).toMatch(
      /has [0-9.]+ MB free, and about [0-9.]+ MB for the output and 19 MB that must stay free/,
    );
    expect(await filesOn('reserving')).toEqual([]);
  });

  it('an encode that grows into it is stopped before the disk is full', async () => {
    const job = await failed({ inputPath: coarse, preset: 'slower', crf: 1, targetBitrate: 200_000 });
    expect(job).toMatchObject({ error: { code: 'DISK_FULL' } });
    expect(job.error?.message).toMatch(/^the disk has [0-9.]+ (MB|kB) free, and 19 MB that must stay free/);
    expect(await filesOn('reserving')).toEqual([]);
    expect(await encodersOf(reelay.mediaRoot)).toEqual([]);
  });
});

describe('on the same disk', () => {
  it('what fits is done', async () => {
    const encode = { inputPath: shortClip, force: true, preset: 'ultrafast' };
    await reelay.api.until(
      await reelay.api.submit('reencode_streaming', encode, { target: 'encode' }),
      'completed',
      60_000,
    );
    for (const format of ['mpegts', 'hls']) {
      await reelay.api.until(await reelay.api.submit('mux_test', { inputPath: shortClip, format }), 'completed');
    }
    const move = { inputPath: shortClip, directoryType: 'playback' };
    const job = await reelay.api.until(await reelay.api.submit('move_to_library', move), 'completed');
    expect(job.result).toMatchObject({ mode: 'copy' });
    expect(await filesOn('library')).toEqual(['short.mp4']);
    expect(await readdir(join(reelay.mediaRoot, 'inbox'))).not.toContain('short.mp4');
  });
});
