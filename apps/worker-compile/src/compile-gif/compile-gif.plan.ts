import { displaySize, guardedInput, outputFile, type PictureSize, type VideoStreamInfo } from '@reelay/media';
import { framesIn, heldPicture } from '@reelay/media/plan';

/** How often an animation is made until it fits: each try comes closer, and more would seldom help. */
export const MOST_TRIES = 6;

/** The narrowest that an animation is made for the sake of its size, in pixels. */
const LEAST_WIDTH = 64;
/** The fewest pictures a second for the sake of its size. */
const LEAST_FPS = 4;

/** How far below the wanted size a try aims: sizes do not follow the number of pixels exactly. */
const AIM = 0.92;

/** What of an animation decides its size. */
export interface GifShape {
  readonly width: number;
  readonly fps: number;
}

/** The size of the pictures: as wide as asked but never wider than the video, its display aspect kept. */
export function gifSize(video: VideoStreamInfo, width: number): PictureSize {
  const shown = displaySize(video);
  const across = Math.min(width, shown.width);
  return { width: across, height: Math.max(1, Math.round((across * shown.height) / shown.width)) };
}

/** The argv that makes an animation: its palette is made of its own pictures, in the same run. */
export function planGif(
  input: string,
  range: { start: number; duration: number },
  size: PictureSize,
  fps: number,
  output: string,
): string[] {
  const shaped = [
    ...[...heldPicture(fps), `trim=end_frame=${String(framesIn(range.duration, fps))}`],
    ...[`scale=${String(size.width)}:${String(size.height)}:flags=lanczos`, 'setsar=1', 'split[shown][counted]'],
  ];
  const graph = [
    `[0:V:0]${shaped.join(',')}`,
    '[counted]palettegen=stats_mode=diff[palette]',
    '[shown][palette]paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle[v]',
  ];
  return [
    ...['-noaccurate_seek', '-ss', range.start.toFixed(3), ...guardedInput(input)],
    ...['-filter_complex', graph.join(';'), '-map', '[v]', '-loop', '0', '-f', 'gif', outputFile(output)],
  ];
}

/**
 * What is tried after an animation came out too large: fewer pixels first, down to a width at which something can
 * still be seen, then fewer pictures a second. Null when there is nothing left to try.
 */
export function smallerShape({ width, fps }: GifShape, sizeBytes: number, maxBytes: number): GifShape | null {
  const share = (maxBytes / sizeBytes) * AIM;
  const narrower = Math.max(LEAST_WIDTH, Math.floor(width * Math.sqrt(share)));
  if (narrower < width) {
    const reached = (narrower / width) ** 2;
    const slower = Math.max(LEAST_FPS, Math.floor(fps * Math.min(1, share / reached)));
    return { width: narrower, fps: Math.min(fps, slower) };
  }
  const slower = Math.max(LEAST_FPS, Math.floor(fps * share));
  return slower < fps ? { width, fps: slower } : null;
}
