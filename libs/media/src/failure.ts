import type { ChildExit } from './child.js';
import { MediaError, type MediaErrorCode } from './errors.js';
import { NO_LIMITS, type Limits } from './limits.js';

/** Lines of stderr that are kept: the last ones say why ffmpeg gave up. */
const KEPT_LINES = 40;
/** Characters of a line that are kept. */
const KEPT_CHARS = 400;

/** The exit code of ffmpeg when most of what it decoded failed (`-max_error_rate`). */
const TOO_MANY_DECODE_ERRORS = 69;

/** What a write beyond a limit answers where the signal is ignored. */
const FILE_TOO_LARGE = 'File too large';
const DISK_FULL = /No space left on device|Disk quota exceeded/;
const UNREADABLE = new RegExp(
  [
    ...['Invalid data found when processing input', 'moov atom not found', 'error reading header', 'partial file'],
    ...[
      'corrupt (input packet|decoded frame)',
      'File ended prematurely',
      'Truncating packet',
      'Format not on whitelist',
    ],
    ...['[Ee]rror while decoding', 'matches no streams', 'does not contain any stream', 'Picture size \\S+ is invalid'],
    ...['Cannot determine format of input stream', 'Decoder \\(codec \\S+\\) not found for input stream'],
    // What an encoder made is never like that; so it was copied.
    'Error parsing AAC extradata',
    // While an input is opened only its index takes memory, of a size that damage may have made up.
    'file:.*: Cannot allocate memory',
  ].join('|'),
);

/**
 * A line of what only reads: demuxers, parsers (which sign with NULL) and decoders by their names. An encoder of the
 * same name complains of what it is given, which comes from the input as well.
 */
const READER =
  /^\[(NULL|mov,mp4,\S+|matroska,webm|mpegts|mpeg|avi|flv|asf|ogg|h264|hevc|vp[89]|av1|libdav1d|mpeg[124]video|mpeg4|vc1|wmv\d|msmpeg4\S*|mjpeg|prores|dvvideo|ffv1|theora|aac|aac_latm|ac3|eac3|mp[23]float|mp3|opus|vorbis|flac|dca|alac|wma\S*|pcm_\S+)\] /m;

/** What ffmpeg, the encoders and the loader say when memory is refused. */
const NO_MEMORY =
  /Cannot allocate memory|malloc of size \d+ failed|std::bad_alloc|failed to map segment|unable to allocate|out of memory/i;

/** What may have other reasons, and where memory is limited has this one as a rule: ffmpeg does not always say more. */
const NO_MEMORY_WITHIN_LIMIT =
  /Resource temporarily unavailable|get_buffer\(\) failed|Error while opening (encoder|decoder)/;

/** While an input is opened only its index takes memory, of a size that damage may have made up. */
const INDEX_TOO_LARGE = /file:.*: Cannot allocate memory|error reading header/;

/** ffmpeg's exit codes when a signal told it to end: after its files were closed, and in haste. */
const TOLD_TO_END = [255, 123];
/** What it says with exit code 1 when a second signal came while it closed them. */
const TOLD_TWICE = 'Immediate exit requested';

/** Readers say this of a machine that is short of memory, and of sizes that damage made up; the former passes. */
const OUT_OF_MEMORY = /Cannot allocate memory|get_buffer\(\) failed/;

const MISSING = /Unknown (encoder|decoder)|No such filter|Unrecognized option/;

/** Keeps the end of what a program writes to stderr, however much that is. */
export class StderrTail {
  private rest = '';
  private kept: string[] = [];
  private count = 0;

  write(text: string): void {
    const lines = (this.rest + text).split(/[\r\n]+/);
    // A flood without a line end is cut here, so that it cannot grow.
    this.rest = (lines.pop() ?? '').slice(0, KEPT_CHARS);
    for (const line of lines) this.push(line);
  }

  /** The last 40 lines, without control characters. */
  lines(): readonly string[] {
    if (this.rest !== '') this.push(this.rest);
    this.rest = '';
    return this.kept;
  }

  /** How many lines there were in all. */
  get total(): number {
    return this.count + (this.rest === '' ? 0 : 1);
  }

  private push(line: string): void {
    const clean = printable(line.slice(0, KEPT_CHARS))
      .replace(/ @ 0x[0-9a-f]+\]/g, ']')
      .trim();
    if (clean === '') return;
    this.count += 1;
    this.kept.push(clean);
    if (this.kept.length > KEPT_LINES) this.kept.shift();
  }
}

/** Names and tags of a file reach stderr as they are: no control character may reach a log. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '');

/** What a run was allowed and what it took, as far as that tells why it failed. */
export interface Spent {
  readonly limits: Limits;
  /** The most CPU time that it can have taken: the time that it ran, on every core. */
  readonly cpuSeconds: number;
}

/** What ffmpeg's or ffprobe's end means, from its exit and its last words. */
export function classifyFailure(
  { code, signal }: ChildExit,
  stderr: readonly string[],
  { limits, cpuSeconds }: Spent = { limits: NO_LIMITS, cpuSeconds: 0 },
): MediaErrorCode {
  const words = stderr.join('\n');
  if (DISK_FULL.test(words)) return 'DISK_FULL';
  if (signal === 'SIGXFSZ' || words.includes(FILE_TOO_LARGE)) return 'TOO_LARGE';
  // ffmpeg closes its files on SIGXCPU, as on every signal that tells it to end.
  const wasTold = signal === 'SIGKILL' || (code !== null && TOLD_TO_END.includes(code)) || words.includes(TOLD_TWICE);
  const overTime = wasTold && limits.cpuSeconds !== null && cpuSeconds >= limits.cpuSeconds;
  if (signal === 'SIGXCPU' || overTime) return 'CPU_TIME_EXCEEDED';
  const starved = NO_MEMORY.test(words) || (limits.memoryMb !== null && NO_MEMORY_WITHIN_LIMIT.test(words));
  if (starved && signal !== 'SIGKILL' && signal !== 'SIGTERM' && !INDEX_TOO_LARGE.test(words)) {
    return 'OUT_OF_MEMORY';
  }
  if (signal !== null) return 'ENCODER_CRASHED';
  if (code === TOO_MANY_DECODE_ERRORS || inputIsDamaged(stderr)) return 'INPUT_UNREADABLE';
  if (code === 1 && READER.test(words) && !OUT_OF_MEMORY.test(words)) return 'INPUT_UNREADABLE';
  // With -xerror, ffmpeg ends without a word when a decoder fails on the very first packet.
  if (code === 1 && words === '') return 'INPUT_UNREADABLE';
  return MISSING.test(words) ? 'FEATURE_MISSING' : 'ENCODER_CRASHED';
}

/** Whether ffmpeg complained of its input; it may have ended well all the same. */
export const inputIsDamaged = (stderr: readonly string[]): boolean => UNREADABLE.test(stderr.join('\n'));

/** Whether ffmpeg met a full disk; it may have ended with exit code 0 all the same. */
export const diskWasFull = (stderr: readonly string[]): boolean => DISK_FULL.test(stderr.join('\n'));

/** The error for a program that failed; its message holds what it said last, its facts the other lines. */
export function failureError(
  program: string,
  exit: ChildExit,
  stderr: readonly string[],
  spent: Spent = { limits: NO_LIMITS, cpuSeconds: 0 },
): MediaError {
  const end = exit.signal === null ? `exit code ${String(exit.code)}` : `signal ${exit.signal}`;
  const code = classifyFailure(exit, stderr, spent);
  const words = limitWords(code, spent.limits) ?? lastWords(stderr) ?? 'it did not say why';
  return new MediaError(code, `${program} ended with ${end}: ${words}`, {
    facts: { exitCode: exit.code, signal: exit.signal, stderr },
  });
}

/** Which setting ended a run; null where none did. */
function limitWords(code: MediaErrorCode, { memoryMb, cpuSeconds, fileMb }: Limits): string | null {
  if (code === 'OUT_OF_MEMORY' && memoryMb !== null) {
    return `it needs more memory than FFMPEG_MAX_MEMORY_MB allows (${String(memoryMb)} MB)`;
  }
  if (code === 'CPU_TIME_EXCEEDED' && cpuSeconds !== null) {
    return `it took more CPU time than FFMPEG_MAX_CPU_SECONDS allows (${String(cpuSeconds)} s)`;
  }
  if (code === 'TOO_LARGE' && fileMb !== null) {
    return `a file grew larger than FFMPEG_MAX_FILE_MB allows (${String(fileMb)} MB)`;
  }
  return null;
}

/** Lines that say only that something went wrong, or repeat it. */
const VAGUE = /^Last message repeated|^Conversion failed|Invalid (argument|data found when processing input)$/;

/** What a tool said last that tells the most, without the folders of the file it was said of; null when it said nothing. */
export function lastWords(stderr: readonly string[]): string | null {
  const line = stderr.findLast((each) => !VAGUE.test(each)) ?? stderr.at(-1);
  if (line === undefined) return null;
  return line
    .replace(/^file:\/.*?: (?=\S)/, '')
    .replace(/^\[(\S+)\] Format not on whitelist.*$/, 'its format ($1) is none of those that are read');
}
