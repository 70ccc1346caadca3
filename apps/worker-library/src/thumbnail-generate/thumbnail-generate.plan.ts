import { outputFile, type PictureSize } from '@reelay/media';
import { frameAt } from '@reelay/media/plan';

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
