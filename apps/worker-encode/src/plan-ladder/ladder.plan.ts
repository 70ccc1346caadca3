import type { ParametersOf, planLadder, Rendition, RenditionAudio } from '@reelay/contracts';
import { displaySize, MediaError, type MediaInfo, type PictureSize, type VideoStreamInfo } from '@reelay/media';
import { evenSide, ownFormat, preparePicture, rateText } from '@reelay/media/plan';
import { h264Level } from './h264-level.js';

/** The rungs of a ladder that nobody asked for: height and kbit/s of a film in 16:9 with 30 frames a second. */
const USUAL_RUNGS = [
  { height: 1080, kbps: 4500 },
  { height: 720, kbps: 2500 },
  { height: 480, kbps: 1200 },
  { height: 360, kbps: 700 },
] as const;

/** Frames a second that the usual bitrates are meant for. */
const USUAL_FPS = 30;
/** Twice as many frames are no twice as many bits: neighbours are alike. So for pixels. */
const FPS_EXPONENT = 0.6;
const PIXELS_EXPONENT = 0.75;

/** More frames a second than these help no viewer, and few players. */
const MOST_FPS = 60;

/** Players take no longer sides. */
const MOST_SIDE = 8192;

/** The lowest bitrate that x264 makes something of. */
const LEAST_KBPS = 40;

/** How far a bitrate may go above its average for a while, and over how long that holds. */
const MAXRATE_SHARE = 1.25;
const BUFFER_SECONDS = 2;

/** A rendition that is thought of. */
export interface PlannedRung extends Rendition {
  /** Whether its bitrate was asked for, so that it stays as it is. */
  readonly isAsked: boolean;
}

/** A ladder that is decided on, as far as the parameters and a probe tell. */
export interface LadderPlan {
  /** As it is seen. */
  readonly shown: PictureSize;
  readonly fps: number;
  readonly frameRate: string;
  readonly gopFrames: number;
  readonly segmentSeconds: number;
  /** From the largest to the smallest. */
  readonly rungs: readonly PlannedRung[];
  readonly audio: RenditionAudio | null;
  readonly notes: readonly string[];
}

type Parameters = ParametersOf<typeof planLadder>;

/**
 * Decides sizes, usual bitrates and segments.
 * @throws {MediaError} INPUT_UNREADABLE when the input has no picture
 */
export function planRungs(parameters: Parameters, media: MediaInfo): LadderPlan {
  const { video } = media;
  if (video === null)
    throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture to encode');
  const shown = displaySize(video);
  const { fps } = ownFormat(video, MOST_FPS);
  const frameRate = rateText(fps);
  const exactFps = valueOf(frameRate);
  const gopFrames = Math.max(1, Math.round(exactFps * parameters.segmentSeconds));
  const { rungs, notes } = chooseRungs(parameters, video, exactFps);
  return {
    shown,
    fps: exactFps,
    frameRate,
    gopFrames,
    segmentSeconds: gopFrames / exactFps,
    rungs,
    audio: audioOf(parameters, media),
    notes: [...preparePicture(video, frameRate).notes, ...notes],
  };
}

function chooseRungs(
  { renditions }: Parameters,
  video: VideoStreamInfo,
  fps: number,
): { rungs: PlannedRung[]; notes: string[] } {
  const shown = displaySize(video);
  const short = Math.min(shown.width, shown.height);
  const asked = renditions ?? USUAL_RUNGS.map(({ height }) => ({ height }));
  const fitting = asked.filter(({ height }) => height <= short);
  const dropped = asked.filter(({ height }) => height > short).map(({ height }) => String(height));
  const kept: typeof asked = fitting.length > 0 ? fitting : [{ height: short }];
  const sorted = [...kept].sort((a, b) => b.height - a.height || (b.videoBitrateKbps ?? 0) - (a.videoBitrateKbps ?? 0));
  const rungs = sorted.map(({ height, videoBitrateKbps }) => {
    const size = sizeOf(shown, height);
    const kbps = videoBitrateKbps ?? usualKbps(size, fps);
    return {
      name: `${String(height)}p`,
      ...size,
      ...ratesOf(size, fps, kbps),
      isAsked: videoBitrateKbps !== undefined,
    };
  });
  return {
    rungs: withOwnNames(rungs),
    notes: [
      ...(dropped.length > 0 ? [`the video is smaller than ${dropped.join(', ')}: left out`] : []),
      ...(fitting.length > 0 ? [] : ['none is left: one of its own size']),
    ],
  };
}

/** Two renditions of one height differ by their bitrates; of two that are the same, one is enough. */
function withOwnNames(rungs: readonly PlannedRung[]): PlannedRung[] {
  const named = rungs.map((rung) =>
    rungs.filter(({ name }) => name === rung.name).length === 1
      ? rung
      : { ...rung, name: `${rung.name}-${String(rung.videoBitrateKbps)}k` },
  );
  return named.filter(({ name }, index) => named.findIndex((other) => other.name === name) === index);
}

/** The size whose shorter side is this long. */
function sizeOf(shown: PictureSize, height: number): PictureSize {
  const { width, height: tall } = shown;
  const factor = Math.min(height / Math.min(width, tall), MOST_SIDE / Math.max(width, tall));
  const side = (full: number): number => evenSide(full * factor, full);
  return { width: side(shown.width), height: side(shown.height) };
}

/** The bitrate that is usual for such a picture. */
function usualKbps({ width, height }: PictureSize, fps: number): number {
  const short = Math.min(width, height);
  const above = USUAL_RUNGS.findLast((rung) => rung.height >= short) ?? USUAL_RUNGS[0];
  const pixelShare = (width * height) / ((above.height * above.height * 16) / 9);
  const kbps = above.kbps * pixelShare ** PIXELS_EXPONENT * (fps / USUAL_FPS) ** FPS_EXPONENT;
  return Math.max(LEAST_KBPS, Math.round(kbps / 10) * 10);
}

/** All that follows from a size, a rate and an average bitrate. */
export function ratesOf(
  size: PictureSize,
  fps: number,
  kbps: number,
): Pick<Rendition, 'videoBitrateKbps' | 'maxrateKbps' | 'bufsizeKbps' | 'level'> {
  const maxrateKbps = Math.round(kbps * MAXRATE_SHARE);
  return {
    videoBitrateKbps: kbps,
    maxrateKbps,
    bufsizeKbps: maxrateKbps * BUFFER_SECONDS,
    level: h264Level(size, fps, maxrateKbps),
  };
}

/** Mono stays mono, all else becomes stereo: every browser plays it. */
function audioOf({ audioBitrateKbps }: Parameters, { audio }: MediaInfo): RenditionAudio | null {
  if (audio === null) return null;
  return { bitrateKbps: audioBitrateKbps, channels: Math.min(2, audio.channels ?? 2), sampleRate: 48_000 };
}

/** The number that a rate stands for. */
export function valueOf(frameRate: string): number {
  const [over = NaN, under = 1] = frameRate.split('/').map(Number);
  return over / under;
}

/** Renditions that one job makes. */
export interface LadderGroup {
  readonly name: string;
  readonly renditions: readonly Rendition[];
  readonly audio: RenditionAudio | null;
}

/**
 * Shares renditions out to so many jobs, so that each has about as many pixels to encode. The sound goes with the
 * smallest picture: the two are what players start with.
 */
export function groupRenditions(
  renditions: readonly Rendition[],
  audio: RenditionAudio | null,
  count: number,
): LadderGroup[] {
  const groups = Array.from({ length: Math.min(count, renditions.length) }, () => ({
    pixels: 0,
    renditions: [] as Rendition[],
  }));
  for (const rendition of renditions) {
    const least = groups.reduce((best, group) => (group.pixels < best.pixels ? group : best));
    least.renditions.push(rendition);
    least.pixels += rendition.width * rendition.height;
  }
  const smallest = renditions.at(-1);
  return groups.map(({ renditions: own }) => ({
    name: own.map(({ name }) => name).join('-'),
    renditions: own,
    audio: smallest !== undefined && own.includes(smallest) ? audio : null,
  }));
}
