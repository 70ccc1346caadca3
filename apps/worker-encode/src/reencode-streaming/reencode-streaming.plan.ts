import type { ParametersOf, reencodeStreaming } from '@reelay/contracts';
import {
  describeDimensions,
  expectedBytes,
  guardedInput,
  MediaError,
  outputFile,
  planHardware,
  uprightSize,
  type HardwareEncoders,
  type HardwarePlan,
  type MediaInfo,
  type PictureSize,
  type VideoExpectation,
  type VideoStreamInfo,
} from '@reelay/media';
import { threadOptions } from '@reelay/media/plan';

const CPU_ENCODER = 'libx264';

/** The encoders that this job type cannot do without. */
export const REENCODE_ENCODERS = [CPU_ENCODER, 'aac'];

/** Profiles that every player of streams decodes, as ffprobe names them. */
const STREAMING_PROFILES = ['Constrained Baseline', 'Baseline', 'Main', 'High'];

/** Packets that wait for the other stream's first one; inputs whose sound starts late need many. */
const MUXING_QUEUE = '1024';

/** Bitrate of the sound. */
const AUDIO_KBPS = 128;

/** Smallest side of a 4:2:0 picture. */
const LEAST_SIDE = 2;

export interface ReencodeFiles {
  /** Absolute path. */
  readonly input: string;
  /** Absolute path of the temporary output. */
  readonly output: string;
}

export interface ReencodePlan {
  readonly mode: 'encode' | 'remux';
  /** Why this mode, for the job's log. */
  readonly reason: string;
  /** From the input's options to the output's name. */
  readonly args: string[];
  /** Of the picture, by ffmpeg's name; null where it is copied. */
  readonly encoder: string | null;
  /** Device files of the GPU that encodes; none where the CPU does. */
  readonly devices: readonly string[];
  readonly expect: VideoExpectation;
  /** About how large the output gets. */
  readonly expectedBytes: number;
}

/**
 * Decides whether a file is encoded or only repackaged, and how.
 * @param threads of the encoder; as many as ffmpeg likes when left out
 * @param hardware what the GPU encodes; left out, the CPU encodes all
 * @throws {MediaError} INPUT_UNREADABLE when the input has no picture
 */
export function planReencode(
  parameters: ParametersOf<typeof reencodeStreaming>,
  media: MediaInfo,
  files: ReencodeFiles,
  threads?: number,
  hardware: HardwareEncoders | null = null,
): ReencodePlan {
  const { video, audio } = media;
  if (video === null)
    throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture to encode');
  const misfit = parameters.force ? 'force is set' : streamingMisfit(media, video, parameters.targetBitrate);
  const size = evenSize(uprightSize(video));
  const expect = {
    kind: 'video',
    container: 'mp4',
    videoCodec: 'h264',
    audioCodec: audio === null ? null : 'aac',
    ...size,
    durationSeconds: media.durationSeconds,
  } as const;
  const gpu = misfit === null ? null : planHardware('h264', gpuSettings(parameters), size, hardware);
  const codecs =
    misfit === null
      ? ['-c', 'copy']
      : codecOptions(parameters, video, size, gpu, { hasSound: audio !== null, threads });
  const args = [
    // Every complaint about the input ends the run: ffmpeg would otherwise conceal what is broken, and exit with 0.
    '-xerror',
    ...(gpu?.device ?? []),
    ...guardedInput(files.input),
    // V leaves out cover art, which may come before the picture.
    ...['-map', '0:V:0', '-map', '0:a:0?', '-sn', '-dn', '-map_metadata', '0'],
    ...codecs,
    ...['-movflags', '+faststart', '-max_muxing_queue_size', MUXING_QUEUE],
    ...['-f', 'mp4', outputFile(files.output)],
  ];
  return {
    mode: misfit === null ? 'remux' : 'encode',
    reason: misfit ?? 'it fits already',
    args,
    encoder: misfit === null ? null : (gpu?.encoder ?? CPU_ENCODER),
    devices: gpu === null ? [] : (hardware?.devices ?? []),
    expect,
    expectedBytes: expectedBytes({
      seconds: media.durationSeconds,
      kbps: misfit === null ? null : parameters.targetBitrate + AUDIO_KBPS,
      inputBytes: media.sizeBytes,
    }),
  };
}

function codecOptions(
  parameters: ParametersOf<typeof reencodeStreaming>,
  video: VideoStreamInfo,
  size: PictureSize,
  gpu: HardwarePlan | null,
  { hasSound, threads }: { readonly hasSound: boolean; readonly threads: number | undefined },
): string[] {
  const upright = uprightSize(video);
  const isEven = upright.width === size.width && upright.height === size.height;
  const filters = [...(isEven ? [] : [`scale=${String(size.width)}:${String(size.height)}`]), ...(gpu?.filters ?? [])];
  return [
    ...(filters.length === 0 ? [] : ['-vf', filters.join(',')]),
    ...(gpu?.options ?? cpuOptions(parameters, threads)),
    ...(hasSound ? ['-c:a', 'aac', '-b:a', `${String(AUDIO_KBPS)}k`] : ['-an']),
  ];
}

const cpuOptions = (
  { preset, crf, targetBitrate }: ParametersOf<typeof reencodeStreaming>,
  threads: number | undefined,
): string[] => [
  ...['-c:v', CPU_ENCODER, '-preset', preset, '-crf', String(crf)],
  ...['-maxrate', `${String(targetBitrate)}k`, '-bufsize', `${String(targetBitrate * 2)}k`, '-pix_fmt', 'yuv420p'],
  ...threadOptions(threads),
];

const gpuSettings = ({ preset, crf, targetBitrate }: ParametersOf<typeof reencodeStreaming>) => ({
  speed: preset,
  crf,
  maxrateKbps: targetBitrate,
});

/** Why a file cannot be streamed as it is; null when it can, once its index is at the front. */
function streamingMisfit(media: MediaInfo, video: VideoStreamInfo, targetBitrate: number): string | null {
  const bitrate = video.bitrateKbps ?? media.bitrateKbps;
  const { width, height } = evenSize(video);
  if (!media.container.split(',').includes('mp4')) return `its container is ${media.container}`;
  if (video.codec !== 'h264') return `its picture is ${video.codec}`;
  if (video.pixelFormat !== 'yuv420p') return `its pixel format is ${String(video.pixelFormat)}`;
  if (!STREAMING_PROFILES.includes(video.profile ?? '')) return `its H.264 profile is ${String(video.profile)}`;
  if (video.rotation !== 0) return `its picture is turned by ${String(video.rotation)} degrees`;
  if (video.width !== width || video.height !== height) return `it measures ${describeDimensions(video)}, which is odd`;
  if (media.audio !== null && media.audio.codec !== 'aac') return `its sound is ${media.audio.codec}`;
  if (media.audio !== null && media.audio.sampleRate === null) return 'its sound is of no known sample rate';
  if (bitrate === null) return 'its bitrate is not known';
  return bitrate > targetBitrate ? `its bitrate of ${String(bitrate)} kbit/s is above ${String(targetBitrate)}` : null;
}

/** 4:2:0 pictures have even sides: an odd one loses a line. */
function evenSize({ width, height }: PictureSize): PictureSize {
  const even = (side: number): number => Math.max(LEAST_SIDE, side - (side % 2));
  return { width: even(width), height: even(height) };
}
