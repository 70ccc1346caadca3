import type { VideoExpectation } from '../expectation.js';
import { guardedInput, outputFile } from '../input.js';
import type { PieceFormat } from './piece.js';

/** A finished piece. */
export interface JoinedPiece {
  /** Its name in the job's folder. */
  readonly file: string;
  readonly frames: number;
}

/** A part of a compilation that players can jump to. */
export interface Chapter {
  readonly title: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** The script that joins pieces; each lasts exactly as long as its pictures, whatever its container says. */
export const joinScript = (pieces: readonly JoinedPiece[], fps: number): string =>
  [
    'ffconcat version 1.0',
    ...pieces.flatMap(({ file, frames }) => [`file ${file}`, `duration ${(frames / fps).toFixed(6)}`]),
    '',
  ].join('\n');

/** The list of chapters in ffmpeg's own form. */
export const chapterList = (chapters: readonly Chapter[]): string =>
  [
    ';FFMETADATA1',
    ...chapters.flatMap(({ title, startSeconds, endSeconds }) => [
      '[CHAPTER]',
      'TIMEBASE=1/1000',
      `START=${String(Math.round(startSeconds * 1000))}`,
      `END=${String(Math.round(endSeconds * 1000))}`,
      `title=${title.replaceAll(/[=;#\\\n]/g, (sign) => `\\${sign}`)}`,
    ]),
    '',
  ].join('\n');

/**
 * Joins the pieces: their pictures are copied, their sound is encoded in one go, so that no gap is heard.
 * @param files absolute paths; `chapters` null where there are none
 */
export function planJoin(
  pieces: readonly JoinedPiece[],
  format: PieceFormat,
  files: { script: string; chapters: string | null; output: string },
  hasSound = true,
): { args: string[]; expect: VideoExpectation } {
  const frames = pieces.reduce((sum, piece) => sum + piece.frames, 0);
  const chapters =
    files.chapters === null
      ? []
      : [...guardedInput(files.chapters, 'ffmetadata'), '-map_metadata', '1', '-map_chapters', '1'];
  const args = [
    ...[...guardedInput(files.script, 'concat,matroska'), ...chapters],
    ...['-map', '0:v:0', ...(hasSound ? ['-map', '0:a:0'] : []), '-c:v', 'copy'],
    ...(hasSound ? ['-c:a', 'aac', '-b:a', '192k'] : []),
    ...['-movflags', '+faststart', '-video_track_timescale', '90000', '-f', 'mp4', outputFile(files.output)],
  ];
  return { args, expect: compiled(format, frames / format.fps, hasSound) };
}

/** What every compilation must be. */
export const compiled = (
  { width, height }: PieceFormat,
  durationSeconds: number,
  hasSound = true,
): VideoExpectation => ({
  kind: 'video',
  container: 'mp4',
  videoCodec: 'h264',
  audioCodec: hasSound ? 'aac' : null,
  width,
  height,
  durationSeconds,
});
