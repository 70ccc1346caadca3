import type { EncoderSpeed, PresetSettings } from '@reelay/contracts';
import type { PictureSize } from '../media-info.js';

/** The ways to an encoder on a GPU: NVIDIA's, Intel's, and that of Linux's drivers for AMD and Intel. */
export const HARDWARE_KINDS = ['nvenc', 'qsv', 'vaapi'] as const;
export type HardwareKind = (typeof HARDWARE_KINDS)[number];

/** The codecs that GPUs encode. */
export const HARDWARE_CODECS = ['h264', 'hevc', 'av1'] as const;
type HardwareCodec = (typeof HARDWARE_CODECS)[number];

/** What the GPU of this machine encodes, tried out. */
export interface HardwareEncoders {
  /** By ffmpeg's names, such as `h264_nvenc`; the first of a codec is the one to take. */
  readonly names: readonly string[];
  /** The render node, which QSV and VAAPI open. */
  readonly renderNode: string;
  /** Device files that a run with one of them opens. */
  readonly devices: readonly string[];
}

/** What of an encode's settings an encoder on a GPU takes; one of crf and bitrateKbps is there. */
export type HardwareSettings = Pick<
  PresetSettings['video'],
  'speed' | 'crf' | 'bitrateKbps' | 'maxrateKbps' | 'bufsizeKbps' | 'pixelFormat'
>;

/** How an encoder on a GPU is used. */
export interface HardwarePlan {
  /** By ffmpeg's name. */
  readonly encoder: string;
  /** Options before the first input. */
  readonly device: readonly string[];
  /** Filters after all others. */
  readonly filters: readonly string[];
  readonly options: readonly string[];
}

/** GPUs refuse small pictures, each below another size; these are quickly encoded without one. */
const LEAST_SIDE = 160;
/** The largest side of H.264 on a GPU; the others take twice that. */
const MOST_H264_SIDE = 4096;
const MOST_SIDE = 8192;

const DEFAULT_SPEED: EncoderSpeed = 'medium';

/** NVENC's presets go from p1, the quickest, to p7. */
const NVENC_PRESETS: Readonly<Record<EncoderSpeed, string>> = {
  ...{ ultrafast: 'p1', superfast: 'p1', veryfast: 'p2', faster: 'p3', fast: 'p3' },
  ...{ medium: 'p4', slow: 'p5', slower: 'p6', veryslow: 'p7' },
};

/** QSV has x264's names, without the two quickest. */
const QSV_PRESETS: Readonly<Record<EncoderSpeed, string>> = {
  ...{ ultrafast: 'veryfast', superfast: 'veryfast', veryfast: 'veryfast', faster: 'faster', fast: 'fast' },
  ...{ medium: 'medium', slow: 'slow', slower: 'slower', veryslow: 'veryslow' },
};

/** Frames that NVENC looks ahead to share out bits; more of them cost memory and gain little. */
const LOOK_AHEAD_FRAMES = '20';

/**
 * The average where a quality was asked for below a highest bitrate, as a share of that: VAAPI and QSV have no
 * quality with a limit on every driver, and the limit is what networks depend on.
 */
const AVERAGE_OF_HIGHEST = 2 / 3;

/** AV1's crf goes to 63, the quality of NVENC and QSV to 51, and VAAPI's of AV1 to 255. */
const AV1_CRF_MAX = 63;
const QUALITY_MAX = 51;
const VAAPI_AV1_QUALITY_MAX = 255;

/**
 * The encoder on a GPU for a codec, where there is one that takes such pictures.
 * @returns null when the encode is for the CPU
 */
export function planHardware(
  codec: string,
  settings: HardwareSettings,
  size: PictureSize,
  hardware: HardwareEncoders | null,
): HardwarePlan | null {
  const encoder = hardware?.names.find((name) => name.startsWith(`${codec}_`));
  if (!hardware || encoder === undefined || !takesPicture(codec, settings, size)) return null;
  const kind = HARDWARE_KINDS.find((each) => encoder.endsWith(`_${each}`));
  return kind === undefined ? null : PLANS[kind](encoder, codec as HardwareCodec, settings, hardware.renderNode);
}

function takesPicture(codec: string, { pixelFormat }: HardwareSettings, { width, height }: PictureSize): boolean {
  const most = codec === 'h264' ? MOST_H264_SIDE : MOST_SIDE;
  const isUsual = pixelFormat === undefined || pixelFormat === 'yuv420p';
  return isUsual && Math.min(width, height) >= LEAST_SIDE && Math.max(width, height) <= most;
}

type Planner = (encoder: string, codec: HardwareCodec, settings: HardwareSettings, renderNode: string) => HardwarePlan;

const PLANS: Readonly<Record<HardwareKind, Planner>> = {
  nvenc: (encoder, codec, settings) => ({
    encoder,
    device: [],
    filters: [],
    options: [
      ...['-c:v', encoder, '-preset', NVENC_PRESETS[settings.speed ?? DEFAULT_SPEED], '-tune', 'hq', '-rc', 'vbr'],
      ...(settings.crf === undefined
        ? ['-b:v', kilobits(settings.bitrateKbps)]
        : // It keeps to a bitrate of its own beside the quality unless that is 0.
          ['-cq', String(qualityOf(codec, settings.crf)), '-b:v', '0']),
      ...highest(settings),
      ...['-rc-lookahead', LOOK_AHEAD_FRAMES, '-pix_fmt', 'yuv420p'],
    ],
  }),
  qsv: (encoder, codec, settings, renderNode) => ({
    encoder,
    device: ['-qsv_device', renderNode],
    filters: [],
    options: [
      ...['-c:v', encoder, '-preset', QSV_PRESETS[settings.speed ?? DEFAULT_SPEED]],
      ...(isConstantQuality(settings)
        ? ['-global_quality', String(qualityOf(codec, settings.crf))]
        : [...average(settings), ...highest(settings)]),
      ...['-pix_fmt', 'nv12'],
    ],
  }),
  vaapi: (encoder, codec, settings, renderNode) => ({
    encoder,
    device: ['-vaapi_device', renderNode],
    filters: ['format=nv12', 'hwupload'],
    options: [
      ...['-c:v', encoder],
      ...(isConstantQuality(settings)
        ? ['-rc_mode', 'CQP', '-global_quality', String(vaapiQuality(codec, settings.crf))]
        : ['-rc_mode', 'VBR', ...average(settings), ...highest(settings)]),
    ],
  }),
};

const isConstantQuality = (settings: HardwareSettings): settings is HardwareSettings & { crf: number } =>
  settings.crf !== undefined && settings.maxrateKbps === undefined;

const average = ({ bitrateKbps, maxrateKbps = 0 }: HardwareSettings): string[] => [
  '-b:v',
  kilobits(bitrateKbps ?? Math.round(maxrateKbps * AVERAGE_OF_HIGHEST)),
];

const highest = ({ maxrateKbps, bufsizeKbps }: HardwareSettings): string[] =>
  maxrateKbps === undefined
    ? []
    : ['-maxrate', kilobits(maxrateKbps), '-bufsize', kilobits(bufsizeKbps ?? maxrateKbps * 2)];

/** 0 stands for "automatic" with these encoders. */
const qualityOf = (codec: HardwareCodec, crf: number): number =>
  Math.max(1, codec === 'av1' ? Math.round((crf * QUALITY_MAX) / AV1_CRF_MAX) : crf);

const vaapiQuality = (codec: HardwareCodec, crf: number): number =>
  codec === 'av1' ? Math.max(1, Math.round((crf * VAAPI_AV1_QUALITY_MAX) / AV1_CRF_MAX)) : qualityOf(codec, crf);

const kilobits = (rate = 0): string => `${String(rate)}k`;

/** The shortest encode that shows whether an encoder works here: two pictures of a size that all of them take. */
export function planTrial(encoder: string, renderNode: string): string[] {
  const codec = encoder.split('_', 1)[0] ?? '';
  const size = { width: 640, height: 360 };
  const plan = planHardware(codec, { crf: 23 }, size, { names: [encoder], renderNode, devices: [] });
  const filters = plan?.filters ?? [];
  return [
    ...(plan?.device ?? []),
    ...['-f', 'lavfi', '-i', 'testsrc=size=640x360:rate=25'],
    ...(filters.length === 0 ? [] : ['-vf', filters.join(',')]),
    ...['-frames:v', '2', ...(plan?.options ?? []), '-f', 'null', '-'],
  ];
}
