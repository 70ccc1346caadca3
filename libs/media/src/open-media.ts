import { z } from 'zod';
import { MediaError } from './errors.js';
import { Ffmpeg } from './ffmpeg.js';
import { MediaLibrary } from './library.js';
import { resolveFfmpeg } from './tools.js';

/** The variables that a service which handles media reads. */
export const mediaEnv = z.object({
  MEDIA_ROOT: z.string().min(1).describe('Folder of the media library'),
  FFMPEG_PATH: z.string().min(1).optional().describe('The ffmpeg to run; left out, ffmpeg-static or the one on PATH'),
  FFPROBE_PATH: z.string().min(1).optional().describe('The ffprobe to run; left out, the one on PATH'),
  FFMPEG_THREADS: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('Threads of one encoder; left out, as many as ffmpeg likes'),
});
export type MediaEnv = z.output<typeof mediaEnv>;

/** What media work needs. */
export interface Media {
  readonly ffmpeg: Ffmpeg;
  readonly library: MediaLibrary;
  /** What was found and is worth announcing: ffmpeg's version and what was asked for. */
  readonly features: readonly string[];
}

/**
 * Opens the library and finds the tools, once, at a service's start.
 * @param encoders that the service cannot do without, by ffmpeg's names
 * @param optional encoders and filters that are announced where they are there
 * @throws {MediaError} LIBRARY_MISSING, FEATURE_MISSING
 */
export async function openMedia(
  env: MediaEnv,
  encoders: readonly string[],
  optional: readonly string[] = [],
): Promise<Media> {
  const library = new MediaLibrary(env.MEDIA_ROOT);
  await library.rootPath();
  const tools = await resolveFfmpeg({ ffmpegPath: env.FFMPEG_PATH, ffprobePath: env.FFPROBE_PATH });
  const lacking = encoders.filter((encoder) => !tools.encoders.has(encoder));
  if (lacking.length > 0) {
    throw new MediaError(
      'FEATURE_MISSING',
      `${tools.ffmpeg} has no ${lacking.join(', ')}: set FFMPEG_PATH to one that has`,
      { facts: { lacking, version: tools.version } },
    );
  }
  const found = optional
    .filter((name) => !encoders.includes(name))
    .filter((name) => tools.encoders.has(name) || tools.filters.has(name));
  return {
    library,
    ffmpeg: new Ffmpeg(tools),
    features: [
      `ffmpeg-${tools.version}`,
      ...encoders,
      ...found,
      ...(tools.launcher.length > 0 ? ['parent-death-signal'] : []),
    ],
  };
}
