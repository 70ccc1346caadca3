import type { PictureExpectation } from '../expectation.js';
import { guardedInput, outputFile } from '../input.js';
import { displaySize, type PictureSize, type VideoStreamInfo } from '../media-info.js';

/** The encoder that still pictures need. */
export const STILL_ENCODERS = ['mjpeg'];

/** 2 (best) to 31; 3 is hard to tell from the original at a thumbnail's size. */
const JPEG_QUALITY = '3';

/** How a still picture is made. */
export interface StillPlan {
  /** From the input's options to the output's name. */
  readonly args: string[];
  readonly expect: PictureExpectation;
}

/** The argv that writes the frame at a position as JPEG, and what must come of it. */
export function planStill(input: string, seconds: number, size: PictureSize, output: string): StillPlan {
  const args = [
    ...frameAt(input, seconds),
    ...['-vf', `scale=${String(size.width)}:${String(size.height)}:flags=lanczos,setsar=1`],
    ...['-c:v', 'mjpeg', '-q:v', JPEG_QUALITY, '-pix_fmt', 'yuvj420p'],
    // `-update` keeps a % in the name from being taken for a pattern.
    ...['-f', 'image2', '-update', '1', outputFile(output)],
  ];
  return { args, expect: { kind: 'picture', videoCodec: 'mjpeg', ...size } };
}

/** The size of a still picture: as wide as asked but never wider than the video, its display aspect kept. */
export function stillSize(video: VideoStreamInfo, width: number): PictureSize {
  const shown = displaySize(video);
  const narrowed = Math.min(width, shown.width);
  return { width: narrowed, height: Math.max(1, Math.round((narrowed * shown.height) / shown.width)) };
}

/** The options that take one frame. To seek before the input is quick: what comes before the position is not decoded. */
export function frameAt(input: string, seconds: number): string[] {
  return ['-ss', seconds.toFixed(3), ...guardedInput(input), '-map', '0:V:0', '-frames:v', '1'];
}
