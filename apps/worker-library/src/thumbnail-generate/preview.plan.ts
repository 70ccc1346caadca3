import {
  displaySize,
  guardedInput,
  outputFile,
  type PictureSize,
  type VideoExpectation,
  type VideoStreamInfo,
} from '@reelay/media';
import { evenSize } from './sprite.plan.js';

const DEFAULT_WIDTH = 320;
const DEFAULT_SEGMENTS = 5;
const DEFAULT_SEGMENT_SECONDS = 1;

/** Highest preview in pixels: of a very tall video it becomes narrower. */
const HIGHEST = 2048;

/** Pictures a second: enough to look like motion, and half the size of a film's. */
const FPS = 15;
/** Of films with hardly any pictures, more would only repeat them. */
const LEAST_FPS = 5;

/** How well each format looks: 0 to 51 (worst) for H.264, 0 (worst) to 100 for WebP. */
const H264_CRF = '28';
const WEBP_QUALITY = '60';

/** What a job asks for. */
export interface PreviewRequest {
  readonly width?: number | undefined;
  readonly segments?: number | undefined;
  readonly segmentSeconds?: number | undefined;
  readonly format?: 'mp4' | 'webp' | undefined;
}

/** What a preview is made of. */
export interface PreviewPlan {
  readonly format: 'mp4' | 'webp';
  readonly size: PictureSize;
  readonly fps: number;
  /** Where in the film each segment starts, in seconds. */
  readonly starts: readonly number[];
  readonly framesOfSegment: number;
  readonly durationSeconds: number;
}

/** Decides what a preview shows. A film that is shorter than all segments together is shown whole. */
export function planPreview(video: VideoStreamInfo, filmSeconds: number, asked: PreviewRequest): PreviewPlan {
  const { segments = DEFAULT_SEGMENTS, segmentSeconds = DEFAULT_SEGMENT_SECONDS, format = 'mp4' } = asked;
  const shown = displaySize(video);
  const factor = Math.min(1, (asked.width ?? DEFAULT_WIDTH) / shown.width, HIGHEST / shown.height);
  const fps = Math.min(FPS, Math.max(LEAST_FPS, Math.round(video.fps ?? FPS)));
  const isWhole = segments * segmentSeconds >= filmSeconds;
  const length = isWhole ? filmSeconds : segmentSeconds;
  const step = filmSeconds / segments;
  const starts = isWhole ? [0] : Array.from({ length: segments }, (_, index) => (index + 0.5) * step - length / 2);
  const framesOfSegment = Math.max(1, Math.round(length * fps));
  return {
    format,
    size: evenSize(shown, factor),
    fps,
    starts,
    framesOfSegment,
    durationSeconds: (framesOfSegment * starts.length) / fps,
  };
}

/** The argv that writes one segment without loss: exactly its pictures, the last one repeated where the film ends. */
export function planSegment(input: string, plan: PreviewPlan, index: number, output: string): string[] {
  const { size, fps, framesOfSegment } = plan;
  const frames = String(framesOfSegment);
  const filters = [
    `fps=${String(fps)}:start_time=0`,
    `scale=${String(size.width)}:${String(size.height)}:flags=area`,
    'setsar=1',
    'format=yuv420p',
    `tpad=stop_mode=clone:stop=${frames}`,
  ];
  // A second more: the last picture may start before the end and be shown until it.
  const seconds = framesOfSegment / fps + 1;
  return [
    ...['-ss', (plan.starts[index] ?? 0).toFixed(3), '-t', seconds.toFixed(3), ...guardedInput(input)],
    ...['-map', '0:V:0', '-vf', filters.join(','), '-frames:v', frames],
    ...['-c:v', 'ffv1', '-f', 'matroska', outputFile(output)],
  ];
}

/** The name of a segment in the job's folder. */
export const segmentName = (index: number): string => `segment-${String(index)}.mkv`;

/** The script that joins the segments; each lasts exactly as long as its pictures. */
export const joinScript = ({ starts, framesOfSegment, fps }: PreviewPlan): string =>
  [
    'ffconcat version 1.0',
    ...starts.flatMap((_, index) => [`file ${segmentName(index)}`, `duration ${(framesOfSegment / fps).toFixed(6)}`]),
    '',
  ].join('\n');

/** The argv that joins the segments and encodes them. */
export function planPreviewJoin(script: string, plan: PreviewPlan, output: string): string[] {
  const encoder =
    plan.format === 'mp4'
      ? ['-c:v', 'libx264', '-preset', 'medium', '-crf', H264_CRF, '-movflags', '+faststart', '-f', 'mp4']
      : ['-c:v', 'libwebp_anim', '-quality', WEBP_QUALITY, '-loop', '0', '-f', 'webp'];
  return [
    ...[...guardedInput(script, 'concat,matroska'), '-map', '0:v:0', '-an'],
    ...['-r', String(plan.fps), '-frames:v', String(plan.framesOfSegment * plan.starts.length)],
    ...['-pix_fmt', 'yuv420p', ...encoder, outputFile(output)],
  ];
}

/** What an MP4 must be. */
export const previewExpectation = ({ size, durationSeconds }: PreviewPlan): VideoExpectation => ({
  kind: 'video',
  container: 'mp4',
  videoCodec: 'h264',
  audioCodec: null,
  ...size,
  durationSeconds,
});
