import { z } from 'zod';
import { askFfprobe, unreadable } from './ffprobe.js';
import { guardedInput } from './input.js';
import type { RunControl } from './pause.js';
import type { PictureHeader, PicturePacket } from './pictures.js';
import type { MediaTools } from './tools.js';

/** All packets of a range are read from the disk, which may be a slow one and hold hours of film. */
const LIST_TIMEOUT_MS = 600_000;

/** A packet takes about 40 characters; this is a film of 30 hours. */
const LIST_CHARS = 200_000_000;

/**
 * Lists the stored pictures of a range, without decoding them.
 * @param range in seconds from the start of the film; the list starts at the key picture before it
 * @param header of the same file
 * @throws {MediaError} as `probe` does
 */
export async function listPictures(
  tools: MediaTools,
  file: string,
  range: { from: number; to: number },
  header: PictureHeader,
  { signal, pause }: RunControl,
): Promise<PicturePacket[]> {
  const at = (seconds: number): string => (seconds + header.startSeconds).toFixed(6);
  const { stdout } = await askFfprobe(
    tools,
    [
      // A seek to the start of a transport stream lands behind its first key picture.
      ...['-select_streams', 'V:0', '-read_intervals', `${range.from > 0 ? at(range.from) : ''}%${at(range.to)}`],
      ...['-show_entries', 'packet=pts_time,dts_time,duration_time,flags', '-print_format', 'compact=print_section=0'],
      ...guardedInput(file),
    ],
    { signal, pause, timeoutMs: LIST_TIMEOUT_MS, maxChars: LIST_CHARS },
  );
  return parsePictures(stdout, header.startSeconds);
}

/** Reads lines such as `pts_time=0.04|dts_time=0.00|duration_time=0.04|flags=K_`; some containers store no pts. */
export function parsePictures(lines: string, startSeconds: number): PicturePacket[] {
  return lines.split('\n').flatMap((line) => {
    const fields = new Map(line.split('|').map((field) => field.split('=') as [string, string]));
    const flags = fields.get('flags') ?? '';
    const shown = seconds(fields.get('pts_time')) ?? seconds(fields.get('dts_time'));
    if (shown === null) return [];
    return [
      {
        seconds: Math.round((shown - startSeconds) * 1e6) / 1e6,
        durationSeconds: seconds(fields.get('duration_time')),
        isKey: flags.startsWith('K'),
        ...(flags.charAt(1) === 'D' ? { isHidden: true as const } : {}),
      },
    ];
  });
}

/**
 * Reads what `PictureHeader` holds.
 * @throws {MediaError} as `probe` does
 */
export async function readPictureHeader(tools: MediaTools, file: string, control: RunControl): Promise<PictureHeader> {
  const entries = 'format=start_time:stream=field_order,has_b_frames,extradata';
  const { stdout } = await askFfprobe(
    tools,
    [
      ...['-select_streams', 'V:0', '-show_entries', entries, '-show_data', '-print_format', 'json'],
      ...guardedInput(file),
    ],
    control,
  );
  return parsePictureHeader(stdout);
}

const headerOutput = z.object({
  format: z.object({ start_time: z.coerce.number().catch(0) }),
  streams: z.array(
    z.object({
      field_order: z.string().optional(),
      has_b_frames: z.number().default(0),
      extradata: z.string().default(''),
    }),
  ),
});

/**
 * Reads ffprobe's JSON.
 * @throws {MediaError} INPUT_UNREADABLE when it shows no picture
 */
export function parsePictureHeader(json: string): PictureHeader {
  const parsed = headerOutput.safeParse(JSON.parse(json));
  const stream = parsed.data?.streams[0];
  if (parsed.data === undefined || stream === undefined) throw unreadable('it holds no picture', []);
  return {
    startSeconds: parsed.data.format.start_time,
    fieldOrder: stream.field_order ?? null,
    reorderedFrames: stream.has_b_frames,
    extradata: hexDigits(stream.extradata),
  };
}

/** ffprobe dumps data as `00000010: 0164 001e  .d..` lines: an offset, sixteen bytes, and the same as text. */
function hexDigits(dump: string): string {
  return dump
    .split('\n')
    .map((line) => /^[0-9a-f]{8}: ((?:[0-9a-f]{2,4} ?)+) /.exec(line)?.[1]?.replaceAll(' ', '') ?? '')
    .join('');
}

function seconds(text: string | undefined): number | null {
  const value = text === undefined || text === '' ? NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}
