import { z } from 'zod';
import { UNKNOWN_CODEC, type AudioStreamInfo, type MediaInfo, type VideoStreamInfo } from './media-info.js';

/** ffprobe writes most numbers as text, and leaves out or writes `N/A` for what it does not know. */
const text = z.string().optional().catch(undefined);
const number = z.coerce.number().optional().catch(undefined);

const stream = z.object({
  codec_type: text,
  codec_name: text,
  profile: text,
  pix_fmt: text,
  width: number,
  height: number,
  display_aspect_ratio: text,
  avg_frame_rate: text,
  r_frame_rate: text,
  field_order: text,
  color_transfer: text,
  bit_rate: number,
  channels: number,
  sample_rate: number,
  start_time: number,
  duration: number,
  disposition: z.object({ attached_pic: z.number().optional() }).optional(),
  tags: z.object({ rotate: number, DURATION: text }).optional().catch(undefined),
  side_data_list: z
    .array(z.object({ rotation: number }))
    .optional()
    .catch(undefined),
});
type Stream = z.infer<typeof stream>;

const probeOutput = z.object({
  format: z.object({ format_name: text, duration: number, bit_rate: number }),
  streams: z.array(stream),
});

/**
 * Turns ffprobe's JSON into a `MediaInfo`; null when it shows neither picture nor sound.
 * @param sizeBytes of the file
 */
export function parseProbe(json: string, sizeBytes: number): MediaInfo | null {
  const parsed = probeOutput.safeParse(parseJson(json));
  if (!parsed.success) return null;
  const { format, streams } = parsed.data;
  const picture = streams.find(isPicture);
  const sound = streams.find(({ codec_type }) => codec_type === 'audio');
  if (picture === undefined && sound === undefined) return null;
  return {
    container: format.format_name ?? 'unknown',
    durationSeconds: playingSeconds(
      [picture, sound].filter((each) => each !== undefined),
      positive(format.duration),
    ),
    sizeBytes,
    bitrateKbps: kilobits(format.bit_rate),
    video: picture === undefined ? null : videoInfo(picture),
    audio: sound === undefined ? null : audioInfo(sound),
  };
}

/** Cover art is stored as a video stream of one picture. */
const isPicture = ({ codec_type, disposition, width = 0, height = 0 }: Stream): boolean =>
  codec_type === 'video' && disposition?.attached_pic !== 1 && width > 0 && height > 0;

function videoInfo(picture: Stream): VideoStreamInfo {
  return {
    codec: picture.codec_name ?? UNKNOWN_CODEC,
    profile: picture.profile ?? null,
    pixelFormat: picture.pix_fmt ?? null,
    width: picture.width ?? 0,
    height: picture.height ?? 0,
    displayAspectRatio: aspect(picture.display_aspect_ratio),
    fps: ratio(picture.avg_frame_rate) ?? ratio(picture.r_frame_rate),
    rotation: clockwiseRotation(picture),
    bitrateKbps: kilobits(picture.bit_rate),
    ...given('durationSeconds', streamSeconds(picture)),
    ...given('interlaced', isInterlaced(picture) || null),
    ...given('colorTransfer', colorTransfer(picture)),
    ...given('peakFps', peakFps(picture)),
  };
}

/** A field that is left out where nothing is known. */
const given = <K extends string, V>(name: K, value: V | null): Partial<Record<K, V>> =>
  (value === null ? {} : { [name]: value }) as Partial<Record<K, V>>;

/** Top or bottom field first, in the two letters that ffprobe has for it. */
const isInterlaced = ({ field_order }: Stream): boolean => /^(tt|bb|tb|bt)$/.test(field_order ?? '');

const colorTransfer = ({ color_transfer }: Stream): string | null =>
  color_transfer === undefined || color_transfer === 'unknown' ? null : color_transfer;

/** By how much the least common rate may differ from the average one of evenly timed frames: first and last ones count. */
const UNEVEN_SHARE = 0.02;

/** The rate of fields counts as that of frames: some decoders give it for interlaced pictures. */
function peakFps(picture: Stream): number | null {
  const average = ratio(picture.avg_frame_rate);
  const least = ratio(picture.r_frame_rate);
  if (average === null || least === null) return null;
  const peak = isInterlaced(picture) && least > average * 1.5 ? least / 2 : least;
  return peak > average * (1 + UNEVEN_SHARE) ? peak : null;
}

function audioInfo(sound: Stream): AudioStreamInfo {
  return {
    codec: sound.codec_name ?? UNKNOWN_CODEC,
    channels: positive(sound.channels),
    sampleRate: positive(sound.sample_rate),
    bitrateKbps: kilobits(sound.bit_rate),
    ...given('durationSeconds', streamSeconds(sound)),
  };
}

/** Side data counts anticlockwise, the older tag clockwise. Only quarter turns are kept, as players do. */
function clockwiseRotation({ side_data_list = [], tags }: Stream): number {
  const anticlockwise = side_data_list.find(({ rotation }) => rotation !== undefined)?.rotation;
  const degrees = anticlockwise === undefined ? (tags?.rotate ?? 0) : -anticlockwise;
  return (((Math.round(degrees / 90) * 90) % 360) + 360) % 360;
}

/**
 * From the first start to the last end of the picture and the sound. Other streams may last longer
 * (subtitles, data) and would make the container's own duration wrong for what is encoded.
 */
function playingSeconds(streams: readonly Stream[], containerSeconds: number | null): number | null {
  const spans = streams.map((each) => ({ start: each.start_time ?? 0, length: streamSeconds(each) }));
  const start = Math.min(...spans.map((span) => span.start));
  const ends = spans.map((span) => (span.length === null ? null : span.start + span.length));
  if (ends.some((end) => end === null)) return containerSeconds;
  const seconds = Math.max(...ends.map((end) => end ?? 0)) - start;
  return containerSeconds === null ? positive(seconds) : Math.min(seconds, containerSeconds);
}

/** Matroska keeps a stream's duration in a tag, as hours, minutes and seconds. */
function streamSeconds({ duration, tags }: Stream): number | null {
  const [, hours, minutes, seconds] = /^(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(tags?.DURATION ?? '') ?? [];
  if (duration !== undefined || seconds === undefined) return positive(duration);
  return positive(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}

/** ffprobe writes `0:1` and `N/A` where the file does not say. */
const aspect = (ratioText = ''): string | null => (/^[1-9]\d*:[1-9]\d*$/.test(ratioText) ? ratioText : null);

function ratio(fraction: string | undefined): number | null {
  const [over = NaN, under = 1] = (fraction ?? '').split('/').map(Number);
  return positive(Math.round((over / under) * 1000) / 1000);
}

const kilobits = (bits: number | undefined): number | null => {
  const rate = positive(bits);
  return rate === null ? null : Math.round(rate / 1000);
};

const positive = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) && value > 0 ? value : null;

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
