import type { PresetSettings } from '@reelay/contracts';
import { describeDimensions } from '../describe.js';
import { displaySize, type PictureSize, type VideoStreamInfo } from '../media-info.js';

type PictureSettings = PresetSettings['video'];

/** What is done to the picture before it is encoded. */
export interface PicturePlan {
  readonly size: PictureSize;
  /** Frames a second of the output; null where the input does not say. */
  readonly fps: number | null;
  /** Each with its options; none where the picture is encoded as it is. */
  readonly filters: readonly string[];
  /** Options of the encoder that say which colours these are. */
  readonly colours: readonly string[];
  /** What is done and why, for people. */
  readonly notes: readonly string[];
}

/** Smallest side of a 4:2:0 picture. */
const LEAST_SIDE = 2;

/** The transfer functions of HDR, as ffprobe names them: PQ and HLG. */
const HDR_TRANSFERS = ['smpte2084', 'arib-std-b67'];

const SDR_COLOURS = ['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709'];

/** The brightness that HDR's white is mapped to, in nits; the usual reference. */
const REFERENCE_NITS = 100;

/** The rates that uneven frames are brought to when their own is no real one. */
const USUAL_RATES = [24, 25, 30, 50, 60];

/** Frame rates this close are the same: 30 holds 30.0003. */
const RATE_TOLERANCE = 1.001;

/**
 * Slower films (pictures of minutes, an index that damage made up) have their frames shown again: their rate as text
 * would be 0, and no segment would be short enough.
 */
const LEAST_FPS = 1;

/** Below this share of the allowed rate, dropping every second or third frame would look jerky: the rate is converted. */
const LEAST_SHARE = 0.7;

/** What is done to a picture before it is scaled, whatever to. */
export interface PreparedPicture {
  readonly filters: readonly string[];
  /** Options of the encoder that say which colours these are. */
  readonly colours: readonly string[];
  /** What is done and why, for people. */
  readonly notes: readonly string[];
}

/** Decides what makes an even rate of progressive pictures in usual colours; the first one is shown at 0. */
export function preparePicture(video: VideoStreamInfo, frameRate: string): PreparedPicture {
  const interlaced = video.interlaced === true;
  const hdr = HDR_TRANSFERS.includes(video.colorTransfer ?? '');
  return {
    filters: [
      ...(interlaced ? ['bwdif=mode=send_frame'] : []),
      `fps=${frameRate}:start_time=0`,
      ...(hdr ? toneMapping(video.colorTransfer ?? '') : []),
    ],
    colours: hdr ? SDR_COLOURS : [],
    notes: [
      ...(interlaced ? ['it is interlaced: deinterlaced'] : []),
      ...(video.peakFps === undefined ? [] : [`its frames come at uneven times: ${frameRate} fps`]),
      ...(hdr ? [`it is HDR (${String(video.colorTransfer)}): tone-mapped to SDR (BT.709)`] : []),
    ],
  };
}

/** Decides size, frame rate and colours. */
export function planPicture(settings: PictureSettings, video: VideoStreamInfo): PicturePlan {
  const size = outputSize(video, settings);
  const rate = outputRate(video, settings.maxFps);
  const interlaced = video.interlaced === true;
  const hdr = HDR_TRANSFERS.includes(video.colorTransfer ?? '');
  const turned = video.rotation !== 0;
  const scaled = size.width !== video.width || size.height !== video.height || turned || !hasSquarePixels(video);
  return {
    size,
    fps: rate.fps,
    filters: [
      ...(interlaced ? ['bwdif=mode=send_frame'] : []),
      ...(rate.reason === null ? [] : [`fps=${rateText(rate.fps)}`]),
      ...(scaled ? [`scale=${String(size.width)}:${String(size.height)}`, 'setsar=1'] : []),
      ...(hdr ? toneMapping(video.colorTransfer ?? '') : []),
    ],
    colours: hdr ? SDR_COLOURS : [],
    notes: [
      ...(interlaced ? ['it is interlaced: deinterlaced'] : []),
      ...(rate.reason === null ? [] : [`${rate.reason}: ${rateText(rate.fps)} fps`]),
      ...(turned ? [`it is turned by ${String(video.rotation)} degrees: put upright`] : []),
      ...(scaled ? [`scaled from ${describeDimensions(video)} to ${describeDimensions(size)}`] : []),
      ...(hdr ? [`it is HDR (${String(video.colorTransfer)}): tone-mapped to SDR (BT.709)`] : []),
    ],
  };
}

/** What is taken where a film does not say how many frames a second it has. */
const USUAL_FPS = 25;

/** The size at which a video is seen, with even sides, and its frame rate: even, at least 1 and at most `maxFps`. */
export const ownFormat = (video: VideoStreamInfo, maxFps: number): PictureSize & { readonly fps: number } => ({
  ...outputSize(video, {}),
  fps: Math.max(LEAST_FPS, outputRate(video, maxFps).fps ?? USUAL_FPS),
});

const hasSquarePixels = (video: VideoStreamInfo): boolean =>
  Math.abs(displaySize({ ...video, rotation: 0 }).width - video.width) <= 1;

/** Within the box, not enlarged, with the display aspect kept and even sides. */
function outputSize(
  video: VideoStreamInfo,
  { maxWidth, maxHeight }: Pick<PictureSettings, 'maxWidth' | 'maxHeight'>,
): PictureSize {
  const shown = displaySize(video);
  const box = turnedBox(shown, maxWidth, maxHeight);
  const factor = Math.min(1, box.width / shown.width, box.height / shown.height);
  return {
    width: evenSide(shown.width * factor, Math.min(box.width, shown.width)),
    height: evenSide(shown.height * factor, Math.min(box.height, shown.height)),
  };
}

/** A box of 1920x1080 is one of 1080x1920 for an upright picture: else a phone's films would be a third as large. */
function turnedBox(shown: PictureSize, width = Infinity, height = Infinity): PictureSize {
  const isLandscapeBox = Number.isFinite(width) && width > height;
  return isLandscapeBox && shown.height > shown.width ? { width: height, height: width } : { width, height };
}

/** The even number that is nearest to a side, and no larger than `most`. */
export function evenSide(side: number, most: number): number {
  const nearest = Math.round(side / 2) * 2;
  return Math.max(LEAST_SIDE, nearest > most ? nearest - 2 : nearest);
}

/** The rate of the output; with a reason where it is not the input's own. */
function outputRate(
  { fps, peakFps }: VideoStreamInfo,
  maxFps = Infinity,
): { fps: number; reason: string } | { fps: number | null; reason: null } {
  if (fps === null) return { fps: null, reason: null };
  const even = peakFps === undefined ? fps : Math.max(LEAST_FPS, evenRate(fps, peakFps));
  if (even > maxFps * RATE_TOLERANCE) {
    return { fps: loweredRate(even, maxFps), reason: `its ${String(even)} frames a second are too many` };
  }
  return peakFps === undefined ? { fps, reason: null } : { fps: even, reason: 'its frames come at uneven times' };
}

function evenRate(average: number, peak: number): number {
  const most = USUAL_RATES.at(-1) ?? peak;
  if (peak <= most * RATE_TOLERANCE) return peak;
  return USUAL_RATES.find((rate) => rate * RATE_TOLERANCE >= average) ?? most;
}

/** Every second or third frame where that is nearly as many as are allowed; else as many as are allowed. */
function loweredRate(fps: number, maxFps: number): number {
  const divided = fps / Math.ceil(fps / (maxFps * RATE_TOLERANCE));
  return divided >= maxFps * LEAST_SHARE ? divided : maxFps;
}

/** A rate as ffmpeg reads it; those of NTSC are fractions. */
export function rateText(fps: number | null): string {
  const rate = fps ?? 0;
  const whole = Math.round(rate * 1.001);
  const isNtsc = Math.abs(rate - Math.round(rate)) > 0.001 && Math.abs(rate * 1.001 - whole) < 0.002;
  return isNtsc ? `${String(whole * 1000)}/1001` : String(Number(rate.toFixed(3)));
}

/** The input's colours are named, since files that lack the other names than that of the transfer are common. */
const toneMapping = (transfer: string): string[] => [
  `zscale=tin=${transfer}:min=bt2020nc:pin=bt2020:rin=limited:t=linear:npl=${String(REFERENCE_NITS)}`,
  'format=gbrpf32le',
  'zscale=p=bt709',
  'tonemap=tonemap=hable:desat=0',
  'zscale=t=bt709:m=bt709:r=limited',
  'format=yuv420p',
];
