import { dirname } from 'node:path';
import { z } from 'zod';
import { MediaError } from '../errors.js';
import { askFfprobe } from '../ffprobe.js';
import type { Ffmpeg, RunResult } from '../ffmpeg.js';
import { guardedInput } from '../input.js';
import type { RunControl } from '../pause.js';
import type { MediaTools } from '../tools.js';
import type { EncodeProgress } from '../progress.js';

/** What leads to segments: ffmpeg's name of its reader. */
export type ManifestKind = 'hls' | 'dash';

/** A stream that a manifest leads to. */
export interface ManifestStream {
  readonly codec: string;
  /** Null for sound. */
  readonly size: { readonly width: number; readonly height: number } | null;
}

/** Only manifests that this service wrote are read so: they lead to other files. */
const guardedManifest = (kind: ManifestKind, file: string): string[] => [
  ...['-f', kind],
  ...guardedInput(file, `${kind},mov`),
];

const answer = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string(),
      codec_name: z.string(),
      width: z.number().optional(),
      height: z.number().optional(),
    }),
  ),
});

/**
 * Reads a manifest that this service wrote, through ffprobe.
 * @returns what it leads to; null where ffprobe has no reader for it
 * @throws {MediaError} OUTPUT_INVALID when it does not make sense to ffprobe
 */
export async function probeManifest(
  tools: MediaTools,
  kind: ManifestKind,
  file: string,
  control: RunControl,
): Promise<ManifestStream[] | null> {
  const entries = 'stream=codec_type,codec_name,width,height';
  try {
    const { stdout } = await askFfprobe(
      tools,
      ['-print_format', 'json', '-show_entries', entries, ...guardedManifest(kind, file)],
      { ...control, reads: [dirname(file)] },
    );
    const { streams } = answer.parse(JSON.parse(stdout));
    return streams.map(({ codec_type: type, codec_name: codec, width = 0, height = 0 }) => ({
      codec,
      size: type === 'video' ? { width, height } : null,
    }));
  } catch (error) {
    control.signal.throwIfAborted();
    if (!(error instanceof MediaError) || error.code !== 'INPUT_UNREADABLE') throw error;
    if (error.message.includes('Unknown input format')) return null;
    throw new MediaError('OUTPUT_INVALID', `the ${kind} manifest cannot be read: ${error.message}`, {
      cause: error,
      facts: { check: 'manifest', ...error.facts },
    });
  }
}

/** What smooths edges of decoded pictures meets no damage that was not met before, and takes a fifth of the time. */
const WITHOUT_SMOOTHING = ['-skip_loop_filter', 'all'];

/**
 * Decodes all segments of a media playlist that this service wrote.
 * @throws {MediaError} OUTPUT_INVALID when one does not decode
 */
export async function decodePlaylist(
  ffmpeg: Ffmpeg,
  file: string,
  durationSeconds: number,
  { signal, pause }: RunControl,
  onProgress?: (progress: EncodeProgress) => void,
): Promise<RunResult> {
  const input = [...WITHOUT_SMOOTHING, ...guardedManifest('hls', file)];
  const args = ['-xerror', ...input, '-map', '0', '-fps_mode', 'passthrough', '-f', 'null', '-'];
  try {
    return await ffmpeg.run(args, {
      ...{ signal, pause, durationSeconds, reads: [dirname(file)] },
      ...(onProgress === undefined ? {} : { onProgress }),
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof MediaError) || error.code !== 'INPUT_UNREADABLE') throw error;
    throw new MediaError('OUTPUT_INVALID', `a segment does not decode: ${error.message}`, {
      cause: error,
      facts: { check: 'decode', ...error.facts },
    });
  }
}
