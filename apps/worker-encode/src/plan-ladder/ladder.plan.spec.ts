import { planLadder, type ParametersOf, type Rendition } from '@reelay/contracts';
import type { MediaInfo, VideoStreamInfo } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { h264Level } from './h264-level.js';
import { groupRenditions, planRungs } from './ladder.plan.js';

const media = (video: Partial<VideoStreamInfo> = {}, audio: MediaInfo['audio'] = null): MediaInfo => ({
  ...{ container: 'mov', durationSeconds: 60, sizeBytes: 2_000_000, bitrateKbps: 1600 },
  video: {
    ...{ codec: 'h264', profile: 'High', pixelFormat: 'yuv420p', width: 1920, height: 1080 },
    ...{ displayAspectRatio: '16:9', fps: 30, rotation: 0, bitrateKbps: 1500, ...video },
  },
  audio,
});
const asked = (more: Record<string, unknown> = {}): ParametersOf<typeof planLadder> =>
  planLadder.parameters.parse({ inputPath: 'in.mov', ...more });
const sizes = (video: Partial<VideoStreamInfo>, more: Record<string, unknown> = {}): string[] =>
  planRungs(asked(more), media(video)).rungs.map(
    ({ name, width, height }) => `${name} ${String(width)}x${String(height)}`,
  );

describe('the rungs of a ladder', () => {
  it('are the usual ones, with bitrates and levels', () => {
    expect(planRungs(asked(), media()).rungs).toMatchObject([
      {
        name: '1080p',
        width: 1920,
        height: 1080,
        videoBitrateKbps: 4500,
        maxrateKbps: 5625,
        bufsizeKbps: 11_250,
        level: '4.0',
      },
      { name: '720p', width: 1280, height: 720, videoBitrateKbps: 2500, level: '3.1' },
      { name: '480p', width: 854, height: 480, videoBitrateKbps: 1200, level: '3.1' },
      { name: '360p', width: 640, height: 360, videoBitrateKbps: 700, level: '3.0' },
    ]);
  });

  it.each([
    ['never larger than the video', { width: 1280, height: 720 }, ['720p 1280x720', '480p 854x480', '360p 640x360']],
    ['of its own size where none is left', { width: 320, height: 180 }, ['180p 320x180']],
    ['of even sides', { width: 333, height: 187, displayAspectRatio: null }, ['187p 332x186']],
    [
      'upright, by the shorter side',
      { width: 1280, height: 720, rotation: 90 },
      ['720p 720x1280', '480p 480x854', '360p 360x640'],
    ],
    ['with square pixels', { width: 720, height: 576 }, ['480p 854x480', '360p 640x360']],
  ])('are %s', (_, video, wanted) => {
    expect(sizes(video)).toEqual(wanted);
  });

  it('are those that are asked for, each once, from the largest on', () => {
    const renditions = [{ height: 360 }, { height: 2160 }, { height: 720 }, { height: 360 }];
    expect(sizes({}, { renditions })).toEqual(['720p 1280x720', '360p-700k 640x360']);
    const two = [
      { height: 720, videoBitrateKbps: 1500 },
      { height: 720, videoBitrateKbps: 3000 },
    ];
    expect(sizes({}, { renditions: two })).toEqual(['720p-3000k 1280x720', '720p-1500k 1280x720']);
  });

  it('take more bits for more frames, but not twice as many', () => {
    const [slow, quick] = [30, 60].map((fps) => planRungs(asked(), media({ fps })).rungs[0]?.videoBitrateKbps ?? 0);
    expect((quick ?? 0) / (slow ?? 1)).toBeCloseTo(1.516, 2);
  });

  it('have segments of whole frames', () => {
    const { frameRate, gopFrames, segmentSeconds } = planRungs(asked({ segmentSeconds: 4 }), media({ fps: 29.97 }));
    expect([frameRate, gopFrames]).toEqual(['30000/1001', 120]);
    expect(segmentSeconds).toBeCloseTo(4.004, 6);
    expect(planRungs(asked(), media({ fps: 120 })).frameRate).toBe('60');
    expect(planRungs(asked(), media({ fps: 24.3, peakFps: 30 })).frameRate).toBe('30');
    expect(planRungs(asked(), media({ fps: 0.4 })).frameRate).toBe('1');
  });

  it('have sound where the video has, of two channels at most', () => {
    expect(planRungs(asked(), media()).audio).toBeNull();
    const surround = { codec: 'ac3', channels: 6, sampleRate: 48_000, bitrateKbps: 448 };
    expect(planRungs(asked(), media({}, surround)).audio).toEqual({
      bitrateKbps: 128,
      channels: 2,
      sampleRate: 48_000,
    });
    expect(() => planRungs(asked(), { ...media({}, surround), video: null })).toThrow('sound only');
  });
});

describe('groups', () => {
  const { rungs } = planRungs(asked(), media());
  const audio = { bitrateKbps: 128, channels: 2, sampleRate: 48_000 };
  const names = (count: number): string[] => groupRenditions(rungs, audio, count).map(({ name }) => name);

  it('share out pixels, not renditions', () => {
    expect(names(1)).toEqual(['1080p-720p-480p-360p']);
    expect(names(2)).toEqual(['1080p', '720p-480p-360p']);
    expect(names(9)).toEqual(['1080p', '720p', '480p', '360p']);
  });

  it('have the sound with the smallest picture, once', () => {
    expect(groupRenditions(rungs, audio, 3).map((group) => group.audio)).toEqual([null, null, audio]);
    const none: Rendition[] = [];
    expect(groupRenditions(none, audio, 1)).toEqual([]);
  });
});

describe('levels of H.264', () => {
  it.each([
    [320, 180, 25, 500, '1.3'],
    [640, 360, 30, 900, '3.0'],
    [1280, 720, 30, 3000, '3.1'],
    [1280, 720, 60, 3000, '3.2'],
    [1920, 1080, 30, 6000, '4.0'],
    [1920, 1080, 60, 9000, '4.2'],
    [3840, 2160, 30, 20_000, '5.1'],
    [3840, 2160, 60, 20_000, '5.2'],
    [8192, 64, 25, 1000, '5.1'],
    [8192, 8192, 60, 100_000, '6.2'],
  ])('%d x %d at %d frames and %d kbit/s need %s', (width, height, fps, kbps, level) => {
    expect(h264Level({ width, height }, fps, kbps)).toBe(level);
  });
});
