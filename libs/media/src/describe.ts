import type { MediaInfo } from './media-info.js';

/** One line on a file for a job's log: `h264 1280x720 30 fps, aac, 8.32 s, 4.29 MB`. */
export function describeMedia({ video, audio, durationSeconds, sizeBytes }: MediaInfo): string {
  return [
    video === null ? 'no picture' : describePicture(video),
    audio === null ? 'no sound' : audio.codec,
    durationSeconds === null ? 'unknown duration' : `${Number(durationSeconds.toFixed(2))} s`,
    describeSize(sizeBytes),
  ].join(', ');
}

function describePicture({ codec, width, height, fps, rotation }: NonNullable<MediaInfo['video']>): string {
  const rate = fps === null ? '' : ` ${fps} fps`;
  return `${codec} ${width}x${height}${rate}${rotation === 0 ? '' : ` turned by ${rotation} degrees`}`;
}

/** Bytes in the largest decimal unit that keeps the number above one. */
export function describeSize(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** step).toPrecision(3))} ${units[step]}`;
}
