import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILT_IN_PRESETS, type PresetPlan } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSample, makeVideo, probeFile } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

/** An encode of two seconds may take this long on a slow machine. */
const ENCODE_MS = 110_000;

let reelay: Reelay;
let sample: string;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-encode': 1, 'worker-library': 1 } });
  sample = await addSample(reelay.mediaRoot);
});
afterAll(() => reelay.stop());

/** What each built-in preset makes of two seconds of the sample, which is 1280x720 at 30 frames a second. */
const OUTPUTS: Record<string, { path: string; format: string; video?: object; audio?: string }> = {
  'web-1080p': { path: 'mp4', format: 'mp4', video: { codec_name: 'h264', width: 1280, height: 720 }, audio: 'aac' },
  'web-720p': { path: 'mp4', format: 'mp4', video: { codec_name: 'h264', width: 1280, height: 720 }, audio: 'aac' },
  'web-480p': { path: 'mp4', format: 'mp4', video: { codec_name: 'h264', width: 854, height: 480 }, audio: 'aac' },
  'hevc-1080p': {
    ...{ path: 'mp4', format: 'mp4', audio: 'aac' },
    video: { codec_name: 'hevc', codec_tag_string: 'hvc1', width: 1280, height: 720 },
  },
  'av1-1080p': { path: 'mp4', format: 'mp4', video: { codec_name: 'av1', width: 1280, height: 720 }, audio: 'aac' },
  'vp9-1080p': { path: 'webm', format: 'webm', video: { codec_name: 'vp9', width: 1280, height: 720 }, audio: 'opus' },
  'audio-aac': { path: 'm4a', format: 'm4a', audio: 'aac' },
  'audio-opus': { path: 'ogg', format: 'ogg', audio: 'opus' },
  'audio-mp3': { path: 'mp3', format: 'mp3', audio: 'mp3' },
  'preview-240p': { path: 'mp4', format: 'mp4', video: { codec_name: 'h264', width: 426, height: 240 } },
};

it('the worker announces which of the encoders it has', async () => {
  const workers = await reelay.api.workers();
  expect(workers.find(({ jobTypes }) => jobTypes.includes('transcode'))?.features).toEqual(
    expect.arrayContaining(['libx264', 'libx265', 'libsvtav1', 'libvpx-vp9', 'aac', 'libopus', 'libmp3lame']),
  );
});

describe('a real video', () => {
  it.each([...BUILT_IN_PRESETS.keys()])('is transcoded by the built-in preset %s', async (preset) => {
    const wanted = OUTPUTS[preset]!;
    const outputPath = `playback/sample-${preset}.${wanted.path}`;
    const id = await reelay.api.submit('transcode', { inputPath: sample, preset, end: 2 });
    const job = await reelay.api.until(id, 'completed', ENCODE_MS);
    expect(job.params).toMatchObject({ preset: `${preset}@1`, settings: BUILT_IN_PRESETS.get(preset)!.settings });
    expect(job.result).toMatchObject({ preset: `${preset}@1`, outputPath, mode: 'encode' });
    expect(job.destinationPaths).toEqual([outputPath]);
    expect(job.progress).toBe(100);
    expect(job.log).toContain(`preset ${preset}@1`);

    const { format, streams } = await probeFile(join(reelay.mediaRoot, outputPath));
    expect(format.format_name.split(',')).toContain(wanted.format);
    expect(Math.abs(Number(format.duration) - 2)).toBeLessThan(0.2);
    const video = streams.find(({ codec_type }) => codec_type === 'video');
    if (wanted.video) expect(video).toMatchObject({ ...wanted.video, pix_fmt: 'yuv420p' });
    else expect(video).toBeUndefined();
    expect(streams.find(({ codec_type }) => codec_type === 'audio')?.codec_name).toBe(wanted.audio);
  });

  it('is transcoded in part, by a preset of ours with changes to it', async () => {
    const { settings } = BUILT_IN_PRESETS.get('web-480p')!;
    const made = await reelay.api.call('POST', '/api/media/presets', { name: 'ours', settings });
    expect(made.status).toBe(201);
    const overrides = { container: 'mkv', video: { maxWidth: 320, speed: 'ultrafast' }, audio: { codec: 'none' } };
    const outputPath = 'clips/part.mkv';
    const params = { inputPath: sample, preset: 'ours', overrides, start: 1, end: 2.5, outputPath };
    const job = await reelay.api.until(await reelay.api.submit('transcode', params), 'completed', ENCODE_MS);
    expect(job.result).toMatchObject({ preset: 'ours@1', outputPath });
    const { format, streams } = await probeFile(join(reelay.mediaRoot, outputPath));
    expect(streams).toHaveLength(1);
    expect(streams[0]).toMatchObject({ codec_name: 'h264', width: 320, height: 180 });
    expect(Math.abs(Number(format.duration) - 1.5)).toBeLessThan(0.2);
  });

  it('gets the very command that its plan foretold', async () => {
    await reelay.api.until(await reelay.api.submit('validate', { inputPath: sample }), 'completed');
    const request = { overrides: { video: { speed: 'ultrafast' } }, start: 3, end: 4 };
    const { body } = await reelay.api.call<PresetPlan>('POST', '/api/media/presets/web-480p/plan', {
      inputPath: sample,
      ...request,
    });
    const id = await reelay.api.submit('transcode', { inputPath: sample, preset: 'web-480p', ...request });
    const job = await reelay.api.until(id, 'completed', ENCODE_MS);
    const [, planned] = /(-xerror .*) file:\S+$/.exec(body.commands[0]!.join(' ')) ?? [];
    expect(planned).toContain('-c:v libx264 -preset ultrafast');
    // The worker adds the place of its library, and a number of threads where that is set.
    const ran = job.log.replaceAll(`${reelay.mediaRoot}/`, '').replace(/ -threads \d+/, '');
    expect(ran).toContain(planned);
  });

  it('leaves no temporary file behind', async () => {
    const names = await readdir(reelay.mediaRoot, { recursive: true });
    expect(names.filter((name) => name.split('/').at(-1)?.startsWith('.'))).toEqual([]);
  });
});

describe('bad input', () => {
  const fails = async (params: Record<string, unknown>, code: string): Promise<void> => {
    const before = await readdir(reelay.mediaRoot, { recursive: true });
    const job = await reelay.api.until(await reelay.api.submit('transcode', params), 'failed');
    expect(job.error).toMatchObject({ code, retryable: false });
    expect(await readdir(reelay.mediaRoot, { recursive: true })).toEqual(before);
  };

  it('a file that is none', async () => {
    await writeFile(join(reelay.mediaRoot, 'inbox/corrupt.mp4'), Buffer.alloc(50_000, 'not a video '));
    await fails({ inputPath: 'inbox/corrupt.mp4' }, 'INPUT_UNREADABLE');
    await fails({ inputPath: 'inbox/none.mp4' }, 'INPUT_NOT_FOUND');
  });

  it('sound where a picture is wanted', async () => {
    const tone = ['-f', 'lavfi', '-i', 'sine=duration=1', '-c:a', 'aac'];
    await fails({ inputPath: await makeVideo(reelay.mediaRoot, 'tone.m4a', tone) }, 'INPUT_UNREADABLE');
  });

  it('a part that is after the end, and an output of another kind', async () => {
    await fails({ inputPath: sample, start: 1_000 }, 'INVALID_PARAMETERS');
    await fails({ inputPath: sample, outputPath: 'clips/a.webm' }, 'INVALID_PARAMETERS');
  });
});
