import type { EncoderSpeed, PresetSettings } from '@reelay/contracts';
import { MediaError } from '../errors.js';
import { threadOptions } from '../input.js';
import type { HardwarePlan } from './hardware-encoder.js';
import type { PicturePlan } from './picture.js';

type PictureSettings = PresetSettings['video'];
type PictureCodec = Exclude<PictureSettings['codec'], 'none'>;

/** What an encoder is told besides the settings. */
export interface EncoderSurroundings {
  readonly picture: PicturePlan;
  /** Whether the output is an MP4, where HEVC needs a name that Apple's players know. */
  readonly isMp4: boolean;
  /** Left out, as many as ffmpeg likes. */
  readonly threads: number | undefined;
  /** Whether pieces that were encoded apart, maybe with other numbers of threads, are joined into one stream. */
  readonly joined?: boolean;
}

/** The encoder of each codec, by ffmpeg's name. */
export const VIDEO_ENCODERS: Readonly<Record<PictureCodec, string>> = {
  h264: 'libx264',
  hevc: 'libx265',
  av1: 'libsvtav1',
  vp9: 'libvpx-vp9',
};

const DEFAULT_SPEED: EncoderSpeed = 'medium';
const DEFAULT_PIXELS = 'yuv420p';

/** SVT-AV1's presets go from 0 to 13, of which the slowest are for research. */
const SVT_PRESETS: Readonly<Record<EncoderSpeed, number>> = {
  ...{ ultrafast: 12, superfast: 11, veryfast: 10, faster: 9, fast: 8 },
  ...{ medium: 7, slow: 5, slower: 4, veryslow: 2 },
};

/** libvpx's levels of its good quality go from 0 to 5. */
const VPX_LEVELS: Readonly<Record<EncoderSpeed, number>> = {
  ...{ ultrafast: 5, superfast: 5, veryfast: 5, faster: 4, fast: 4 },
  ...{ medium: 3, slow: 2, slower: 1, veryslow: 0 },
};

/** SVT-AV1 refuses pictures with a smaller side. */
const SVT_LEAST_SIDE = 64;

/**
 * The options of the encoder.
 * @throws {MediaError} INVALID_PARAMETERS for a picture that the encoder cannot take
 */
export function videoOptions(codec: PictureCodec, settings: PictureSettings, around: EncoderSurroundings): string[] {
  return [
    ...['-c:v', VIDEO_ENCODERS[codec]],
    ...OPTIONS[codec](settings, around),
    ...['-pix_fmt', settings.pixelFormat ?? DEFAULT_PIXELS],
    ...around.picture.colours,
    ...keyframes(settings, around.picture.fps),
  ];
}

/** The options of an encoder on a GPU. */
export const hardwareOptions = (
  { encoder, options }: HardwarePlan,
  settings: PictureSettings,
  { picture, isMp4 }: EncoderSurroundings,
): string[] => [
  ...options,
  ...(encoder.startsWith('hevc') ? appleTag(isMp4) : []),
  ...picture.colours,
  ...keyframes(settings, picture.fps),
];

const appleTag = (isMp4: boolean): string[] => (isMp4 ? ['-tag:v', 'hvc1'] : []);

const OPTIONS: Readonly<Record<PictureCodec, (settings: PictureSettings, around: EncoderSurroundings) => string[]>> = {
  h264: (settings, { threads, joined = false }) => [
    ...['-preset', settings.speed ?? DEFAULT_SPEED],
    ...rateOptions(settings),
    // Else it fits the parameter sets to what it encodes.
    ...(joined ? ['-x264-params', 'stitchable=1'] : []),
    ...threadOptions(threads),
  ],
  hevc: (settings, { threads, isMp4, joined = false }) => [
    ...['-preset', settings.speed ?? DEFAULT_SPEED],
    ...rateOptions(settings),
    // It prints its settings as errors otherwise; open GOPs cannot be cut or joined.
    // Its settings, the number of threads among them, would stand in the header too.
    ...['-x265-params', x265Params(threads, joined)],
    ...appleTag(isMp4),
  ],
  av1: (settings, { threads, picture: { size } }) => {
    if (Math.min(size.width, size.height) < SVT_LEAST_SIDE) {
      const least = String(SVT_LEAST_SIDE);
      throw new MediaError('INVALID_PARAMETERS', `AV1 takes pictures of ${least}x${least} and more`);
    }
    return [
      ...['-preset', String(SVT_PRESETS[settings.speed ?? DEFAULT_SPEED])],
      ...rateOptions(settings),
      ...(threads ? ['-svtav1-params', `lp=${String(threads)}`] : []),
    ];
  },
  vp9: (settings, { threads }) => [
    ...['-deadline', 'good', '-cpu-used', String(VPX_LEVELS[settings.speed ?? DEFAULT_SPEED]), '-row-mt', '1'],
    // With a quality, its bitrate is the highest one, and 0 means none.
    ...(settings.crf === undefined
      ? rateOptions(settings)
      : ['-crf', String(settings.crf), '-b:v', kilobits(settings.maxrateKbps), ...bufferOptions(settings)]),
    ...threadOptions(threads),
  ],
};

const x265Params = (threads: number | undefined, joined: boolean): string =>
  [
    ...['log-level=error', 'open-gop=0'],
    ...(joined ? ['info=0'] : []),
    ...(threads ? [`pools=${String(threads)}`] : []),
  ].join(':');

const rateOptions = (settings: PictureSettings): string[] => [
  ...(settings.crf === undefined ? ['-b:v', kilobits(settings.bitrateKbps)] : ['-crf', String(settings.crf)]),
  ...(settings.maxrateKbps === undefined ? [] : ['-maxrate', kilobits(settings.maxrateKbps)]),
  ...bufferOptions(settings),
];

const bufferOptions = ({ maxrateKbps, bufsizeKbps }: PictureSettings): string[] =>
  maxrateKbps === undefined ? [] : ['-bufsize', kilobits(bufsizeKbps ?? maxrateKbps * 2)];

const kilobits = (rate = 0): string => (rate === 0 ? '0' : `${String(rate)}k`);

/** Encoders count in frames; where nobody knows how many there are in a second, keyframes are forced by time. */
function keyframes({ gopSeconds }: PictureSettings, fps: number | null): string[] {
  if (gopSeconds === undefined) return [];
  return fps === null
    ? ['-force_key_frames', `expr:gte(t,n_forced*${String(gopSeconds)})`]
    : ['-g', String(Math.max(1, Math.round(fps * gopSeconds)))];
}
