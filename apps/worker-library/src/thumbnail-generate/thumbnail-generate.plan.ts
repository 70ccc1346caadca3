import {
  displaySize,
  guardedInput,
  outputFile,
  type PictureExpectation,
  type PictureSize,
  type VideoStreamInfo,
} from '@reelay/media';

/** The encoders that this job type cannot do without. */
export const THUMBNAIL_ENCODERS = ['mjpeg'];

/** Those that animated previews need; without one, such a job fails with FEATURE_MISSING. */
export const PREVIEW_ENCODERS = ['libx264', 'libwebp_anim', 'ffv1'];

/** Shares of the duration that are tried in this order until a frame is not near-black. */
const TRIED_SHARES = [0.25, 0.35, 0.5, 0.65, 0.8, 0.1];

/** What is tried, in seconds, where the duration is not known. */
const TRIED_SECONDS = [5, 1];

/** A frame is judged by a copy of this size, one byte of brightness for each pixel. */
const SAMPLE: PictureSize = { width: 64, height: 36 };

/** Mean brightness (0 black, 255 white) up to which a frame counts as near-black. */
const NEAR_BLACK = 20;

/** 2 (best) to 31; 3 is hard to tell from the original at a thumbnail's size. */
const JPEG_QUALITY = '3';

/** The end of the video that a timestamp past it is moved to, in seconds. */
const LAST_SECOND = 1;

/**
 * The seconds at which a frame is looked for, in this order. The start comes last in any case: the
 * sound may go on long after the picture, and then there is no frame at the others.
 */
export function thumbnailPositions(timestamp: number | undefined, durationSeconds: number | null): number[] {
  const lastSecond = durationSeconds === null ? 0 : Math.max(0, durationSeconds - LAST_SECOND);
  const asked = (seconds: number): number =>
    durationSeconds === null || seconds < durationSeconds ? seconds : lastSecond;
  const tried = durationSeconds === null ? TRIED_SECONDS : TRIED_SHARES.map((share) => share * durationSeconds);
  const positions = timestamp === undefined ? tried : [asked(timestamp), lastSecond];
  return [...new Set([...positions, 0].map((seconds) => Math.round(seconds * 1000) / 1000))];
}

/** The argv that writes a small grey copy of the frame at a position, as raw bytes. */
export function planSample(input: string, seconds: number, output: string): string[] {
  return [
    ...frameAt(input, seconds),
    ...[
      '-vf',
      `scale=${String(SAMPLE.width)}:${String(SAMPLE.height)}`,
      '-pix_fmt',
      'gray',
      '-f',
      'rawvideo',
      outputFile(output),
    ],
  ];
}

/** Mean brightness of a sample, 0 to 255; null when there was no frame. */
export function sampleBrightness(sample: Uint8Array): number | null {
  if (sample.length !== SAMPLE.width * SAMPLE.height) return null;
  return sample.reduce((sum, value) => sum + value, 0) / sample.length;
}

/** Whether a frame of this mean brightness is worth showing. */
export const isBrightEnough = (brightness: number): boolean => brightness > NEAR_BLACK;

/** How a thumbnail is made. */
export interface ThumbnailPlan {
  /** From the input's options to the output's name. */
  readonly args: string[];
  readonly expect: PictureExpectation;
}

/** The argv that writes the frame at a position as JPEG, and what must come of it. */
export function planThumbnail(input: string, seconds: number, size: PictureSize, output: string): ThumbnailPlan {
  const args = [
    ...frameAt(input, seconds),
    ...['-vf', `scale=${String(size.width)}:${String(size.height)}:flags=lanczos,setsar=1`],
    ...['-c:v', 'mjpeg', '-q:v', JPEG_QUALITY, '-pix_fmt', 'yuvj420p'],
    // `-update` keeps a % in the name from being taken for a pattern.
    ...['-f', 'image2', '-update', '1', outputFile(output)],
  ];
  return { args, expect: { kind: 'picture', videoCodec: 'mjpeg', ...size } };
}

/** The size of the thumbnail: as wide as asked but never wider than the video, its display aspect kept. */
export function thumbnailSize(video: VideoStreamInfo, width: number): PictureSize {
  const shown = displaySize(video);
  const narrowed = Math.min(width, shown.width);
  return { width: narrowed, height: Math.max(1, Math.round((narrowed * shown.height) / shown.width)) };
}

/** To seek before the input is quick: what comes before the position is not decoded. */
function frameAt(input: string, seconds: number): string[] {
  return ['-ss', seconds.toFixed(3), ...guardedInput(input), '-map', '0:V:0', '-frames:v', '1'];
}
