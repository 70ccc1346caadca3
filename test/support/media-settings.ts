import { mediaEnv, type MediaEnv } from '@reelay/media';
import { parseEnv } from '@reelay/platform';
import { resolveBubblewrap, resolveFfmpeg } from '../../tools/lib/ffmpeg.mjs';

/** The settings with which a worker of the stack would open a library. */
export async function mediaSettings(mediaRoot: string, more: Record<string, string> = {}): Promise<MediaEnv> {
  const { ffmpeg, ffprobe } = await resolveFfmpeg();
  const bwrap = await resolveBubblewrap();
  return parseEnv(mediaEnv, {
    PATH: process.env.PATH,
    MEDIA_ROOT: mediaRoot,
    FFMPEG_PATH: ffmpeg,
    FFPROBE_PATH: ffprobe,
    ...(bwrap === null ? {} : { BWRAP_PATH: bwrap }),
    ...more,
  });
}
