/**
 * The containers that an input may have. What is left out on purpose: playlists and scripts (hls, dash,
 * concat, sdp, asx, imf), image patterns, subtitles and devices, since they read other files or hosts.
 */
const INPUT_FORMATS = [
  ...['mov', 'matroska', 'avi', 'mpegts', 'mpeg', 'mpegvideo', 'm4v', 'h264', 'hevc', 'obu', 'ivf', 'vc1', 'h263'],
  ...['flv', 'asf', 'ogg', 'mxf', 'gxf', 'rm', 'nut', 'dv', 'wtv', 'swf', 'gif', 'apng', 'yuv4mpegpipe', 'mjpeg'],
  ...['wav', 'w64', 'mp3', 'aac', 'flac', 'ac3', 'eac3', 'dts', 'aiff', 'caf', 'amr', 'au', 'ape', 'tta', 'wv'],
].join(',');

/** Largest picture that is decoded: 8192 x 8192. A frame of that takes 100 MB. */
export const MAX_PIXELS = 8192 * 8192;

/**
 * The options that go before every input: local files only, no format that leads to another file, no
 * picture so large that one frame fills the memory. `-protocol_whitelist` alone would still let a
 * playlist that is named .mp4 read its neighbours.
 */
export function guardedInput(absolutePath: string, formats = INPUT_FORMATS): string[] {
  return [
    ...['-protocol_whitelist', 'file', '-format_whitelist', formats, '-max_pixels', String(MAX_PIXELS)],
    ...['-i', `file:${absolutePath}`],
  ];
}

/** The options that go before a still picture that this service wrote itself. */
export function guardedPicture(absolutePath: string): string[] {
  return ['-f', 'jpeg_pipe', ...guardedInput(absolutePath, 'jpeg_pipe')];
}

/** An output: `file:` keeps ffmpeg from reading options or protocols out of a name. */
export const outputFile = (absolutePath: string): string => `file:${absolutePath}`;

const FILE = 'file:';

/** The files that the inputs of an argv name; an input that is generated names none. */
export const inputsOf = (args: readonly string[]): string[] =>
  args.filter((arg, index) => args[index - 1] === '-i' && arg.startsWith(FILE)).map(withoutProtocol);

/** The files that the outputs of an argv name. */
export const outputsOf = (args: readonly string[]): string[] =>
  args.filter((arg, index) => args[index - 1] !== '-i' && arg.startsWith(`${FILE}/`)).map(withoutProtocol);

const withoutProtocol = (name: string): string => name.slice(FILE.length);

/** The options that every run starts with: never ask, say errors only, write progress to stdout. */
const RUN_OPTIONS = ['-nostdin', '-y', '-hide_banner', '-loglevel', 'error', '-nostats', '-progress', 'pipe:1'];

/** The option of an encoder that says how many threads it may have; left out, as many as it likes. */
export const threadOptions = (threads: number | undefined): string[] =>
  threads === undefined ? [] : ['-threads', String(threads)];

/**
 * The whole argv of a run of ffmpeg.
 * @param threads of each decoder and of the filters; as many as ffmpeg likes where it is null. Plans say it of encoders,
 * which take it in different ways: `threadOptions`.
 */
export function ffmpegArgv(program: string, args: readonly string[], threads: number | null = null): string[] {
  if (threads === null) return [program, ...RUN_OPTIONS, ...args];
  const count = String(threads);
  const ofFilters = ['-filter_threads', count, '-filter_complex_threads', count];
  const limited = args.flatMap((arg) => (arg === '-i' ? ['-threads', count, arg] : [arg]));
  return [program, ...RUN_OPTIONS, ...ofFilters, ...limited];
}

/** A command as a person would type it into a POSIX shell; for display only, it is never run. */
export function quoteCommand(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
