import { guardedInput, type MediaInfo } from '@reelay/media';

/** What a decode of the whole file showed. */
export interface DecodeReport {
  /** Lines that ffmpeg complained with, in all. */
  readonly complaints: number;
  /** The last of them. */
  readonly stderr: readonly string[];
  /** Seconds that were decoded. */
  readonly mediaSeconds: number;
}

export interface Verdict {
  readonly valid: boolean;
  /** Null when it is valid. */
  readonly reason: string | null;
}

/**
 * How much earlier than its header says a file may end. The last picture of a slow sequence is shown
 * for longer than its own timestamp tells, so this is wider than the check of an output.
 */
const SHORTFALL_SECONDS = 1;
const SHORTFALL_SHARE = 0.02;

/** The argv that decodes all pictures and sounds of a file and keeps nothing. */
export function planDecode(input: string): string[] {
  return [...guardedInput(input), '-map', '0:V?', '-map', '0:a?', '-f', 'null', '-'];
}

/**
 * Whether a video is valid: it has a picture in a known codec and, where it was decoded, that went
 * without a complaint and up to its end.
 * @param decode null when nothing was decoded
 */
export function judge(media: MediaInfo, decode: DecodeReport | null): Verdict {
  const reason = headerFault(media) ?? (decode === null ? null : decodeFault(media, decode));
  return { valid: reason === null, reason };
}

function headerFault({ video }: MediaInfo): string | null {
  if (video === null) return 'it has sound only, and no picture';
  return video.codec === 'unknown' ? 'the codec of its picture is not known' : null;
}

function decodeFault(
  { durationSeconds }: MediaInfo,
  { complaints, stderr, mediaSeconds }: DecodeReport,
): string | null {
  if (complaints > 0) {
    const example = stderr[0] ?? '';
    return `decoding it reported ${complaints === 1 ? 'an error' : `${String(complaints)} errors, such as`}: ${example}`;
  }
  if (durationSeconds === null) return null;
  const shortfall = durationSeconds - mediaSeconds;
  const allowed = Math.max(SHORTFALL_SECONDS, durationSeconds * SHORTFALL_SHARE);
  return shortfall > allowed ? `it ends at ${mediaSeconds.toFixed(1)} s of ${durationSeconds.toFixed(1)} s` : null;
}
