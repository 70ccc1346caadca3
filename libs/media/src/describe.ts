import type { MediaInfo, PictureSize, VideoStreamInfo } from './media-info.js';

/** One line on a file for a job's log: `h264 1280x720 30 fps, aac, 8.32 s, 4.29 MB`. */
export function describeMedia({ video, audio, durationSeconds, sizeBytes }: MediaInfo): string {
  return [
    video === null ? 'no picture' : describePicture(video),
    audio === null ? 'no sound' : audio.codec,
    durationSeconds === null ? 'unknown duration' : `${String(Number(durationSeconds.toFixed(2)))} s`,
    describeSize(sizeBytes),
  ].join(', ');
}

function describePicture(video: VideoStreamInfo): string {
  const { codec, fps, rotation } = video;
  const rate = fps === null ? '' : ` ${String(fps)} fps`;
  return `${codec} ${describeDimensions(video)}${rate}${rotation === 0 ? '' : ` turned by ${String(rotation)} degrees`}`;
}

/** `640x360`. */
export const describeDimensions = ({ width, height }: PictureSize): string => `${String(width)}x${String(height)}`;

/** Bytes in the largest decimal unit that keeps the number above one. */
export function describeSize(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${String(Number((bytes / 1000 ** step).toPrecision(3)))} ${String(units[step])}`;
}
