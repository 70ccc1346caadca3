import { describe, expect, it } from 'vitest';
import { BUILT_IN_PRESETS } from './built-in-presets.js';
import { transcode } from './job-types/transcode.js';
import {
  overrideSettings,
  parsePresetReference,
  presetOverrides,
  presetReference,
  presetSettings,
  presetVersionName,
  type PresetOverrides,
  type PresetSettings,
} from './presets.js';

const web: PresetSettings = {
  container: 'mp4',
  video: { codec: 'h264', crf: 23, maxrateKbps: 2000 },
  audio: { codec: 'aac', bitrateKbps: 128 },
};
const faultsOf = (settings: unknown): string[] =>
  presetSettings.safeParse(settings).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
const overridden = (overrides: PresetOverrides, settings = web) => {
  const outcome = overrideSettings(settings, presetOverrides.parse(overrides));
  return 'settings' in outcome ? outcome.settings : outcome.faults.map(({ path }) => path.join('.'));
};

describe('the built-in presets', () => {
  it('are these', () => {
    expect([...BUILT_IN_PRESETS.keys()]).toEqual([
      ...['web-1080p', 'web-720p', 'web-480p', 'hevc-1080p', 'av1-1080p', 'vp9-1080p'],
      ...['audio-aac', 'audio-opus', 'audio-mp3', 'preview-240p'],
    ]);
  });

  it.each([...BUILT_IN_PRESETS.values()])('$name is sound, and nobody can change it', ({ name, settings }) => {
    expect(presetSettings.parse(settings)).toEqual(settings);
    expect(presetReference.parse(name)).toBe(name);
    expect(Object.isFrozen(settings.video)).toBe(true);
    expect(() => Object.assign(settings.audio, { codec: 'opus' })).toThrow(TypeError);
  });
});

describe('settings', () => {
  const { video, audio } = web;

  it.each<[string, object]>([
    ['video.codec: webm cannot hold h264: use vp9 or av1 or none', { container: 'webm', audio: { codec: 'none' } }],
    ['audio.codec: webm cannot hold aac: use opus or copy or none', { container: 'webm', video: { codec: 'none' } }],
    ['video.codec: m4a cannot hold h264: use none', { container: 'm4a' }],
    [
      'audio.codec: mp3 cannot hold none: use mp3 or copy',
      { container: 'mp3', video: { codec: 'none' }, audio: { codec: 'none' } },
    ],
    ['audio.codec: there would be neither picture nor sound', { video: { codec: 'none' }, audio: { codec: 'none' } }],
    ['video.crf: give crf or bitrateKbps', { video: { codec: 'h264' } }],
    ['video.bitrateKbps: give crf or bitrateKbps, not both', { video: { ...video, bitrateKbps: 1000 } }],
    ['video.crf: hevc takes 0 to 51', { video: { codec: 'hevc', crf: 52 } }],
    ['video.maxrateKbps: av1 takes none', { video: { codec: 'av1', crf: 30, maxrateKbps: 3000 } }],
    ['video.bufsizeKbps: has no sense without maxrateKbps', { video: { codec: 'h264', crf: 20, bufsizeKbps: 1000 } }],
    [
      'video.maxrateKbps: must not be below bitrateKbps',
      { video: { codec: 'h264', bitrateKbps: 500, maxrateKbps: 400 } },
    ],
    ['video.maxWidth: has no sense without a picture', { video: { codec: 'none', maxWidth: 640 } }],
    ['audio.bitrateKbps: has no sense for sound that is copied', { audio: { ...audio, codec: 'copy' } }],
    ['audio.bitrateKbps: aac needs one', { audio: { codec: 'aac' } }],
    ['audio.bitrateKbps: mp3 takes 320 at most', { audio: { codec: 'mp3', bitrateKbps: 321 } }],
    ['audio.channels: mp3 takes 1 or 2', { audio: { codec: 'mp3', bitrateKbps: 128, channels: 6 } }],
    [
      'audio.sampleRate: opus takes 8000, 12000, 16000, 24000, 48000',
      { audio: { codec: 'opus', bitrateKbps: 96, sampleRate: 44_100 } },
    ],
  ])('are refused with the place of the fault: %s', (fault, changes) => {
    expect(faultsOf({ ...web, ...changes })).toEqual([fault]);
  });

  it.each<[string, object]>([
    ['video.crf', { video: { codec: 'vp9', crf: 64 } }],
    ['video', { video: { ...video, bframes: 3 } }],
    ['container', { container: 'avi' }],
  ])('are refused when %s is none that exists', (place, changes) => {
    expect(faultsOf({ ...web, ...changes }).map((fault) => fault.split(':')[0])).toEqual([place]);
  });
});

describe('overrides', () => {
  it('change what they name and keep the rest', () => {
    expect(overridden({ video: { maxHeight: 480 }, maxSeconds: 3 })).toEqual({
      ...web,
      maxSeconds: 3,
      video: { ...web.video, maxHeight: 480 },
    });
    expect(overridden({})).toEqual(web);
  });

  it('take away what they say is null', () => {
    expect(overridden({ video: { maxrateKbps: null } })).toEqual({ ...web, video: { codec: 'h264', crf: 23 } });
  });

  it('put a bitrate in the place of a quality, and the other way round', () => {
    const byBitrate = { ...web, video: { codec: 'h264', maxrateKbps: 2000, bitrateKbps: 900 } } as PresetSettings;
    expect(overridden({ video: { bitrateKbps: 900 } })).toEqual(byBitrate);
    expect(overridden({ video: { crf: 23 } }, byBitrate)).toEqual(web);
  });

  it('leave nothing of a picture or sound that is not encoded', () => {
    expect(overridden({ video: { codec: 'none' }, audio: { codec: 'copy' } })).toEqual({
      container: 'mp4',
      video: { codec: 'none' },
      audio: { codec: 'copy' },
    });
  });

  it('reach into the loudness', () => {
    const loud = overridden({ audio: { loudness: { integratedLufs: -16 } } }) as PresetSettings;
    expect(loud.audio.loudness).toEqual({ integratedLufs: -16 });
    expect(overridden({ audio: { loudness: { truePeakDb: -2 } } }, loud)).toMatchObject({
      audio: { loudness: { integratedLufs: -16, truePeakDb: -2 } },
    });
    expect(overridden({ audio: { loudness: null } }, loud)).toEqual(web);
  });

  it('that lead to what cannot be say where', () => {
    expect(overridden({ container: 'webm' })).toEqual(['video.codec', 'audio.codec']);
    expect(overridden({ container: null })).toEqual(['container']);
    expect(overridden({ audio: { loudness: { truePeakDb: -2 } } })).toEqual(['audio.loudness.integratedLufs']);
  });
});

describe('a reference to a preset', () => {
  it.each(['web-1080p', 'web-1080p@1', 'a', 'x265-10bit@12'])('%s is one', (reference) => {
    const { name, version } = parsePresetReference(presetReference.parse(reference));
    expect(version === null ? name : presetVersionName({ name, version })).toBe(reference);
  });

  it.each(['', 'Web', 'web--1', '-web', 'web@0', 'web@', 'web@1@2', 'web 1', '../web', 'web@1e3'])(
    '%j is none',
    (reference) => {
      expect(presetReference.safeParse(reference).success).toBe(false);
    },
  );
});

describe('transcode', () => {
  const { parameters } = transcode;
  const faults = (given: object): string[] =>
    parameters.safeParse({ inputPath: 'a.mp4', ...given }).error?.issues.map(({ path }) => path.join('.')) ?? [];

  it('needs an input only', () => {
    expect(parameters.parse({ inputPath: 'a.mp4' })).toEqual({ inputPath: 'a.mp4', preset: 'web-1080p' });
  });

  it.each([
    [{ start: 2, end: 2 }, 'end'],
    [{ end: 0 }, 'end'],
    [{ start: -1 }, 'start'],
    [{ preset: 'No Such' }, 'preset'],
    [{ overrides: { video: { crf: 99 } } }, 'overrides.video.crf'],
    [{ overrides: { video: { tune: 'film' } } }, 'overrides.video'],
    [{ settings: { ...web, container: 'webm', audio: { codec: 'none' } } }, 'settings.video.codec'],
  ])('refuses %j', (given, place) => {
    expect(faults(given)).toEqual([place]);
  });
});
