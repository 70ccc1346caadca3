import { stat } from 'node:fs/promises';
import { describeDimensions } from './describe.js';
import { lastWords } from './failure.js';
import { askFfprobe, unreadable } from './ffprobe.js';
import { guardedInput, guardedPicture, MAX_PIXELS } from './input.js';
import type { MediaInfo } from './media-info.js';
import type { RunControl } from './pause.js';
import { parseProbe } from './probe-parse.js';
import type { MediaTools } from './tools.js';

const ENTRIES = [
  'format=format_name,duration,start_time,bit_rate',
  'stream=codec_name,codec_type,profile,pix_fmt,width,height,display_aspect_ratio,avg_frame_rate,r_frame_rate,' +
    'field_order,color_transfer,bit_rate,channels,sample_rate,start_time,duration',
  'stream_disposition=attached_pic',
  'stream_tags=rotate,DURATION',
  'stream_side_data=rotation',
].join(':');

export interface ProbeOptions extends RunControl {
  /** A JPEG that this service wrote itself; by default an untrusted video or sound file. */
  readonly picture?: boolean;
}

/**
 * Reads what a file holds, through ffprobe.
 * @param file absolute path of a regular file
 * @throws {MediaError} INPUT_UNREADABLE, with ffprobe's words, for what is no media file, is corrupt, holds
 * neither picture nor sound, or is a playlist; ENCODER_STALLED, ENCODER_CRASHED, FEATURE_MISSING
 * @throws the signal's reason after an abort
 */
export async function probe(
  tools: MediaTools,
  file: string,
  { signal, pause, picture = false }: ProbeOptions,
): Promise<MediaInfo> {
  const { size } = await stat(file);
  const input = picture ? guardedPicture(file) : guardedInput(file);
  const { stdout, stderr } = await askFfprobe(tools, ['-print_format', 'json', '-show_entries', ENTRIES, ...input], {
    signal,
    pause,
  });
  const media = parseProbe(stdout, size);
  if (media === null) throw unreadable(lastWords(stderr) ?? 'it holds neither picture nor sound', stderr);
  if (media.video !== null && media.video.width * media.video.height > MAX_PIXELS) {
    throw unreadable(`its picture of ${describeDimensions(media.video)} is too large`, stderr);
  }
  return media;
}
