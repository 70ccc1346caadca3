import type { encodeRendition, EncoderSpeed, ParametersOf, Rendition, RenditionAudio } from '@reelay/contracts';
import {
  expectedBytes,
  guardedInput,
  INIT_FILE,
  MediaError,
  outputFile,
  planHardware,
  SEGMENT_PATTERN,
  type HardwareEncoders,
  type HardwarePlan,
  type MediaInfo,
} from '@reelay/media';
import { preparePicture, threadOptions } from '@reelay/media/plan';
import { valueOf } from '../plan-ladder/ladder.plan.js';

const CPU_ENCODER = 'libx264';

/** The encoders that ladders cannot do without. */
export const LADDER_ENCODERS = [CPU_ENCODER, 'aac'];

/** The folder of the sound, beside those of the renditions. */
export const AUDIO_FOLDER = 'audio';

/** What ffmpeg notes of each track; nobody else reads it once the segments are complete. */
export const FFMPEG_PLAYLIST = 'ffmpeg.m3u8';

/** Samples that AAC's encoder puts before the first one. Where they come from the sound, it need not be moved. */
const AAC_PRIMING_SAMPLES = 1024;

/** Packets that wait for the other stream's first one; inputs whose sound starts late need many. */
const MUXING_QUEUE = '1024';

type Parameters = ParametersOf<typeof encodeRendition>;

/** Where an encode reads and writes. */
export interface LadderFiles {
  readonly input: string;
  /** The folder of all tracks. */
  readonly output: string;
}

/** An encode of renditions that is decided on. */
export interface LadderEncode {
  /** From the input's options to the last output's name. */
  readonly args: string[];
  /** Of the pictures, by ffmpeg's name; null where there is sound only. */
  readonly encoder: string | null;
  /** Device files of the GPU that encodes; none where the CPU does. */
  readonly devices: readonly string[];
  /** The folders that are made, by their names. */
  readonly tracks: readonly string[];
  /** About how large the output gets. */
  readonly expectedBytes: number;
}

/**
 * Decides how renditions are encoded: one decode, one prepared picture, and from there a scaler, an encoder and a
 * segmenter for each.
 * @param threads of each encoder; as many as ffmpeg likes when left out
 * @param hardware what the GPU encodes; left out, the CPU encodes all
 * @throws {MediaError} INPUT_UNREADABLE, INVALID_PARAMETERS when the input lacks what is asked for
 */
export function planLadderEncode(
  parameters: Parameters,
  media: MediaInfo,
  files: LadderFiles,
  threads?: number,
  hardware: HardwareEncoders | null = null,
): LadderEncode {
  const { renditions, audio } = parameters;
  mustHave(parameters, media);
  const gpu = onOneGpu(renditions, parameters.speed, hardware);
  const segmentMicros = Math.round((parameters.gopFrames / valueOf(parameters.frameRate)) * 1_000_000);
  const prepared = media.video === null ? null : preparePicture(media.video, parameters.frameRate);
  const graph = [
    ...(renditions.length === 0 ? [] : pictureGraph(renditions, prepared?.filters ?? [], gpu?.[0]?.filters ?? [])),
    ...(audio === null ? [] : [soundGraph(audio, media.video?.durationSeconds ?? media.durationSeconds)]),
  ];
  const pictures = renditions.flatMap((rendition, index) => [
    ...['-map', `[v${String(index)}]`],
    ...(gpu?.[index]?.options ?? cpuOptions(rendition, parameters.speed, threads)),
    ...(prepared?.colours ?? []),
    ...keyOptions(parameters.gopFrames, gpu?.[index]?.encoder ?? CPU_ENCODER),
    // Each key picture begins a segment, however its time is rounded.
    ...segmentOptions(`${files.output}/${rendition.name}`, Math.round(segmentMicros / 2)),
  ]);
  return {
    args: [
      // Every complaint about the input ends the run: ffmpeg would otherwise conceal what is broken, and exit with 0.
      '-xerror',
      ...(gpu?.[0]?.device ?? []),
      ...guardedInput(files.input),
      ...['-filter_complex', graph.join(';'), '-max_muxing_queue_size', MUXING_QUEUE],
      ...pictures,
      ...(audio === null
        ? []
        : [
            ...['-map', '[a]', '-c:a', 'aac', '-b:a', `${String(audio.bitrateKbps)}k`],
            ...segmentOptions(`${files.output}/${AUDIO_FOLDER}`, segmentMicros),
          ]),
    ],
    encoder: renditions.length === 0 ? null : (gpu?.[0]?.encoder ?? CPU_ENCODER),
    devices: gpu === null ? [] : (hardware?.devices ?? []),
    tracks: [...renditions.map(({ name }) => name), ...(audio === null ? [] : [AUDIO_FOLDER])],
    expectedBytes: sizeOfAll(parameters, media),
  };
}

function mustHave({ renditions, audio }: Parameters, media: MediaInfo): void {
  if (renditions.length > 0 && media.video === null) {
    throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture to encode');
  }
  if (audio !== null && media.audio === null) {
    throw new MediaError('INVALID_PARAMETERS', 'the input has no sound: leave audio out');
  }
}

/** All renditions on the GPU, or none: they differ in size only. */
function onOneGpu(
  renditions: readonly Rendition[],
  speed: EncoderSpeed,
  hardware: HardwareEncoders | null,
): HardwarePlan[] | null {
  const plans = renditions.map(({ width, height, videoBitrateKbps, maxrateKbps, bufsizeKbps }) =>
    planHardware(
      'h264',
      { speed, bitrateKbps: videoBitrateKbps, maxrateKbps, bufsizeKbps },
      { width, height },
      hardware,
    ),
  );
  return plans.length > 0 && plans.every((plan) => plan !== null) ? plans : null;
}

function pictureGraph(
  renditions: readonly Rendition[],
  prepared: readonly string[],
  upload: readonly string[],
): string[] {
  const count = String(renditions.length);
  const heads = renditions.map((_, index) => `[s${String(index)}]`).join('');
  return [
    `[0:V:0]${[...prepared, `split=${count}`].join(',')}${heads}`,
    ...renditions.map(({ width, height }, index) => {
      const filters = [`scale=${String(width)}:${String(height)}`, 'setsar=1', ...upload];
      return `[s${String(index)}]${filters.join(',')}[v${String(index)}]`;
    }),
  ];
}

/**
 * Gaps become silence, and so does what the sound lacks of the picture's length. It begins where the picture does, with
 * the encoder's own samples in place of its first ones.
 */
function soundGraph({ channels, sampleRate }: RenditionAudio, seconds: number | null): string {
  const filters = [
    `aresample=${String(sampleRate)}:async=1:first_pts=0`,
    `aformat=channel_layouts=${LAYOUTS[channels - 1] ?? 'stereo'}`,
    `atrim=start_sample=${String(AAC_PRIMING_SAMPLES)}`,
    'asetpts=N/SR/TB',
    ...(seconds === null ? [] : [`apad=whole_dur=${seconds.toFixed(3)}`]),
  ];
  return `[0:a:0]${filters.join(',')}[a]`;
}

/** By the number of channels. */
const LAYOUTS = ['mono', 'stereo', '2.1', 'quad', '5.0', '5.1', '6.1', '7.1'];

const cpuOptions = (rendition: Rendition, speed: EncoderSpeed, threads: number | undefined): string[] => [
  ...['-c:v', CPU_ENCODER, '-preset', speed, '-profile:v', 'high', '-level:v', rendition.level],
  ...['-b:v', `${String(rendition.videoBitrateKbps)}k`, '-maxrate', `${String(rendition.maxrateKbps)}k`],
  ...['-bufsize', `${String(rendition.bufsizeKbps)}k`, '-pix_fmt', 'yuv420p'],
  ...threadOptions(threads),
];

/** A key picture at every so many frames and nowhere else, and none that refers beyond the one before it. */
function keyOptions(gopFrames: number, encoder: string): string[] {
  const every = String(gopFrames);
  const forced = ['-force_key_frames', `expr:not(mod(n,${every}))`];
  if (encoder === CPU_ENCODER) {
    return ['-g', every, '-keyint_min', every, '-sc_threshold', '0', '-x264-params', 'open-gop=0', ...forced];
  }
  return ['-g', every, ...forced, ...(encoder.endsWith('_nvenc') ? ['-forced-idr', '1', '-no-scenecut', '1'] : [])];
}

/** The names of segments go without `file:`, since the folder is known by that of the playlist. */
function segmentOptions(folder: string, micros: number): string[] {
  if (NUMBER_PATTERN.test(folder)) {
    throw new MediaError(
      'INVALID_PARAMETERS',
      'the folder of the output must not hold a % that ffmpeg takes for a number',
    );
  }
  return [
    ...['-f', 'hls', '-hls_time', `${String(micros)}us`, '-hls_list_size', '0', '-hls_segment_type', 'fmp4'],
    // No edit list: times are right as they are, also for players that know none.
    ...['-hls_segment_options', 'movflags=+cmaf', '-hls_flags', 'temp_file', '-start_number', '1'],
    ...['-hls_fmp4_init_filename', INIT_FILE],
    ...['-hls_segment_filename', `${folder}/${SEGMENT_PATTERN}`],
    outputFile(`${folder}/${FFMPEG_PLAYLIST}`),
  ];
}

/** What ffmpeg puts the number of a segment in place of, wherever in a path it stands; there is no way to write it otherwise. */
const NUMBER_PATTERN = /%\d*d/;

function sizeOfAll({ renditions, audio }: Parameters, media: MediaInfo): number {
  const kbps = renditions.reduce((sum, { videoBitrateKbps }) => sum + videoBitrateKbps, audio?.bitrateKbps ?? 0);
  return expectedBytes({ seconds: media.durationSeconds, kbps, inputBytes: null });
}
