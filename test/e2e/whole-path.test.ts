import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { addSample, makeVideo, probeFile } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;
let sample: string;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-encode': 2, 'worker-library': 2 } });
  sample = await addSample(reelay.mediaRoot);
});

afterAll(() => reelay.stop());

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);

/** Every file below the library, hidden ones included. */
const allFiles = async (): Promise<string[]> =>
  (await readdir(reelay.mediaRoot, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();

const isHidden = (name: string): boolean => name.startsWith('.');

/** Workers remove hidden names once the backend has taken their answer, a moment after all can see it. */
const nothingHidden = (): Promise<true> =>
  eventually('no temporary file is left', async () => !(await allFiles()).some(isHidden) || null);

describe('a real video through the real protocol', () => {
  it('is validated', async () => {
    const id = await reelay.api.submit('validate', { inputPath: sample, decode: true });
    const job = await reelay.api.until(id, 'completed');
    expect(job.result).toMatchObject({ valid: true, media: { video: { codec: 'h264', width: 1280, height: 720 } } });
    expect(job.progress).toBe(100);
  });

  it('is re-encoded, with a log that tells how', async () => {
    const id = await reelay.api.submit('reencode_streaming', {
      inputPath: sample,
      force: true,
      preset: 'veryfast',
      targetBitrate: 800,
    });
    const job = await reelay.api.until(id, 'completed', 60_000);
    expect(job.result).toMatchObject({ mode: 'encode', outputPath: 'playback/sample.mp4' });
    expect(job.destinationPaths).toEqual(['playback/sample.mp4']);
    expect(job.log).toMatch(/ffmpeg .*-c:v libx264 .*-maxrate 800k -bufsize 1600k/);

    const output = await probeFile(inLibrary('playback/sample.mp4'));
    const input = await probeFile(inLibrary(sample));
    expect(output.streams.map(({ codec_name }) => codec_name).sort()).toEqual(['aac', 'h264']);
    expect(output.streams.find(({ codec_type }) => codec_type === 'video')).toMatchObject({ width: 1280, height: 720 });
    expect(Math.abs(Number(output.format.duration) - Number(input.format.duration))).toBeLessThan(0.2);
  });

  it('is only remuxed where it fits already', async () => {
    const id = await reelay.api.submit('reencode_streaming', { inputPath: sample, targetBitrate: 20_000 });
    const job = await reelay.api.until(id, 'completed');
    expect(job.result).toMatchObject({ mode: 'remux' });
  });

  it('gets a thumbnail', async () => {
    const id = await reelay.api.submit('thumbnail_generate', { inputPath: sample, width: 320 });
    const job = await reelay.api.until(id, 'completed');
    expect(job.result).toMatchObject({ thumbnailPath: 'thumbnails/sample.jpg', width: 320, height: 180 });
    const picture = await probeFile(inLibrary('thumbnails/sample.jpg'));
    expect(picture.streams[0]).toMatchObject({ codec_name: 'mjpeg', width: 320, height: 180 });
  });

  it('leaves no temporary file behind', async () => {
    await nothingHidden();
  });

  it('is shared among replicas', async () => {
    const ids = await Promise.all(
      Array.from({ length: 8 }, () => reelay.api.submit('validate', { inputPath: sample, decode: true })),
    );
    const jobs = await Promise.all(ids.map((id) => reelay.api.until(id, 'completed', 60_000)));
    expect(new Set(jobs.map(({ worker }) => worker)).size).toBe(2);
  });
});

describe('bad input', () => {
  const fails = async (type: string, params: Record<string, unknown>, code: string): Promise<void> => {
    await nothingHidden();
    const before = await allFiles();
    const job = await reelay.api.until(await reelay.api.submit(type, params), 'failed');
    expect(job.error).toMatchObject({ code, retryable: false });
    expect(job.retryCount).toBe(0);
    expect(job.log).toContain('--- ERROR ---');
    await nothingHidden();
    expect(await allFiles()).toEqual(before);
  };

  it('a missing file', () => fails('reencode_streaming', { inputPath: 'inbox/none.mp4' }, 'INPUT_NOT_FOUND'));

  it('an empty file', async () => {
    await writeFile(inLibrary('inbox/empty.mp4'), '');
    await fails('reencode_streaming', { inputPath: 'inbox/empty.mp4' }, 'INPUT_UNREADABLE');
  });

  it('a corrupt file, for every job type', async () => {
    await writeFile(inLibrary('inbox/corrupt.mp4'), Buffer.alloc(50_000, 'not a video '));
    for (const type of ['reencode_streaming', 'thumbnail_generate', 'validate']) {
      await fails(type, { inputPath: 'inbox/corrupt.mp4' }, 'INPUT_UNREADABLE');
    }
  });

  it('a playlist under the name of a video', async () => {
    await writeFile(inLibrary('inbox/playlist.mp4'), '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n');
    await fails('reencode_streaming', { inputPath: 'inbox/playlist.mp4' }, 'INPUT_UNREADABLE');
  });

  it('sound where a picture is needed', async () => {
    const path = await makeVideo(reelay.mediaRoot, 'sound.m4a', [
      '-f',
      'lavfi',
      '-i',
      'sine=duration=1',
      '-c:a',
      'aac',
    ]);
    await fails('thumbnail_generate', { inputPath: path }, 'INPUT_UNREADABLE');
  });

  it('a link that leads out of the library', async () => {
    await mkdir(inLibrary('links'), { recursive: true });
    await symlink('/etc', inLibrary('links/etc'));
    await fails('validate', { inputPath: 'links/etc/passwd' }, 'PATH_OUTSIDE_LIBRARY');
    await fails(
      'reencode_streaming',
      { inputPath: sample, outputPath: 'links/etc/reelay.mp4', force: true },
      'PATH_OUTSIDE_LIBRARY',
    );
  });

  it.each(['../outside.mp4', '/etc/passwd', 'file:/etc/passwd', 'a\u0000b.mp4', 'inbox/../../x.mp4', 'a\nb.mp4'])(
    'a path that no job may name: %j',
    async (inputPath) => {
      const answer = await reelay.api.problem('POST', '/api/media/jobs', { type: 'validate', params: { inputPath } });
      expect(answer.status).toBe(422);
      expect(answer.body.code).toBe('INVALID_PARAMETERS');
      expect(answer.body.errors?.[0]?.path).toBe('params.inputPath');
    },
  );

  it('an output that exists is never overwritten', async () => {
    await fails('thumbnail_generate', { inputPath: sample, outputPath: 'thumbnails/sample.jpg' }, 'OUTPUT_EXISTS');
  });
});

describe('a job type that no worker serves', () => {
  it('waits and says why, and spends no retry', async () => {
    const id = await reelay.api.submit('teleport_video');
    const job = await eventually('a waiting reason', async () => {
      const now = await reelay.api.job(id);
      return now.waitingReason === null ? null : now;
    });
    expect(job).toMatchObject({
      status: 'pending',
      waitingReason: 'no worker has announced job type teleport_video',
      retryCount: 0,
      error: null,
    });
    const listed = await reelay.api.jobs('?type=teleport_video');
    expect(listed.data[0]?.waitingReason).toBe(job.waitingReason);
  });
});
