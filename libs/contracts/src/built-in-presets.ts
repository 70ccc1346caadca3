import type { PresetSettings } from './presets.js';

/** A preset that is part of Reelay. Settings of a version never change: what changes gets the next one. */
export interface BuiltInPreset {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly settings: PresetSettings;
}

const PICTURE = { speed: 'medium', pixelFormat: 'yuv420p', gopSeconds: 2 } as const;
const HD = { maxWidth: 1920, maxHeight: 1080, maxFps: 60 } as const;
const AAC = { codec: 'aac', bitrateKbps: 128, channels: 2, sampleRate: 48_000 } as const;
const OPUS = { codec: 'opus', bitrateKbps: 112, channels: 2, sampleRate: 48_000 } as const;
const NO_PICTURE = { codec: 'none' } as const;

/** H.264 and AAC in an MP4, as everything plays. */
function web(name: string, box: { maxWidth: number; maxHeight: number }, maxrateKbps: number): BuiltInPreset {
  const rates = { crf: 23, maxrateKbps, bufsizeKbps: maxrateKbps * 2, maxFps: 60 };
  return {
    name,
    version: 1,
    description: `H.264 and AAC in a fast-start MP4, up to ${String(box.maxHeight)} lines`,
    settings: { container: 'mp4', video: { codec: 'h264', ...PICTURE, ...box, ...rates }, audio: AAC },
  };
}

function sound(name: string, description: string, settings: Omit<PresetSettings, 'video'>): BuiltInPreset {
  return { name, version: 1, description, settings: { ...settings, video: NO_PICTURE } };
}

const presets: BuiltInPreset[] = [
  web('web-1080p', { maxWidth: 1920, maxHeight: 1080 }, 5_000),
  web('web-720p', { maxWidth: 1280, maxHeight: 720 }, 2_800),
  web('web-480p', { maxWidth: 854, maxHeight: 480 }, 1_400),
  {
    name: 'hevc-1080p',
    version: 1,
    description: 'HEVC and AAC in a fast-start MP4: smaller than H.264, for players that have it',
    settings: {
      container: 'mp4',
      video: { codec: 'hevc', crf: 26, maxrateKbps: 3_500, bufsizeKbps: 7_000, ...PICTURE, ...HD },
      audio: AAC,
    },
  },
  {
    name: 'av1-1080p',
    version: 1,
    description: 'AV1 (SVT-AV1) and AAC in a fast-start MP4: the smallest',
    settings: { container: 'mp4', video: { codec: 'av1', crf: 35, ...PICTURE, ...HD }, audio: AAC },
  },
  {
    name: 'vp9-1080p',
    version: 1,
    description: 'VP9 and Opus in WebM',
    settings: { container: 'webm', video: { codec: 'vp9', crf: 32, ...PICTURE, ...HD }, audio: OPUS },
  },
  sound('audio-aac', 'Sound only: AAC in an M4A', { container: 'm4a', audio: { ...AAC, bitrateKbps: 160 } }),
  sound('audio-opus', 'Sound only: Opus in an Ogg file', { container: 'ogg', audio: OPUS }),
  sound('audio-mp3', 'Sound only: MP3', { container: 'mp3', audio: { codec: 'mp3', bitrateKbps: 192, channels: 2 } }),
  {
    name: 'preview-240p',
    version: 1,
    description: 'A short silent MP4 to be played in a loop, in place of a GIF',
    settings: {
      container: 'mp4',
      maxSeconds: 6,
      video: { codec: 'h264', crf: 30, ...PICTURE, maxWidth: 426, maxHeight: 240, maxFps: 15 },
      audio: { codec: 'none' },
    },
  },
];

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
  return value;
}

/** The presets that Reelay ships, by name. Nobody can change or remove them. */
export const BUILT_IN_PRESETS: ReadonlyMap<string, BuiltInPreset> = new Map(
  freeze(presets).map((preset) => [preset.name, preset]),
);
