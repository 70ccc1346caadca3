import { accessSync, constants, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { capture } from './child.js';
import { MediaError } from './errors.js';

/** Time for a tool to list what it can do; it takes a tenth of a second, or several on a busy machine. */
const LIST_TIMEOUT_MS = 20_000;

/** The programs that media work runs, and what they can do. */
export interface MediaTools {
  /** Path of the program. */
  readonly ffmpeg: string;
  /** Path of the program. */
  readonly ffprobe: string;
  /** ffmpeg's version, such as `5.1.9-0+deb12u1`. */
  readonly version: string;
  readonly encoders: ReadonlySet<string>;
  readonly filters: ReadonlySet<string>;
  /**
   * The argv put before each tool's own: it makes the kernel kill the tool when this process dies,
   * even by SIGKILL. Empty where the system has no means for it.
   */
  readonly launcher: readonly string[];
}

/** Paths that were set by hand; they win. */
export interface ToolPaths {
  readonly ffmpegPath?: string | undefined;
  readonly ffprobePath?: string | undefined;
}

/**
 * Finds ffmpeg (the given path, else the package `ffmpeg-static` if its program is there and runs, else
 * PATH) and ffprobe (the given path, else PATH: the package has none), and asks what they can do.
 * @throws {MediaError} FEATURE_MISSING naming what to set or install
 */
export async function resolveFfmpeg({ ffmpegPath, ffprobePath }: ToolPaths): Promise<MediaTools> {
  const ffmpeg = ffmpegPath ?? (await staticFfmpeg()) ?? onPath('ffmpeg');
  const ffprobe = ffprobePath ?? onPath('ffprobe');
  if (ffmpeg === null) throw missing('ffmpeg', 'FFMPEG_PATH');
  if (ffprobe === null) throw missing('ffprobe', 'FFPROBE_PATH');
  const [banner, encoders, filters, launcher] = await Promise.all([
    ask(ffmpeg, '-version', 'FFMPEG_PATH'),
    ask(ffmpeg, '-encoders', 'FFMPEG_PATH'),
    ask(ffmpeg, '-filters', 'FFMPEG_PATH'),
    parentDeathLauncher(),
    ask(ffprobe, '-version', 'FFPROBE_PATH'),
  ]);
  return {
    ffmpeg,
    ffprobe,
    version: parseVersion(banner),
    encoders: parseEncoders(encoders),
    filters: parseFilters(filters),
    launcher,
  };
}

/** The version in the first line of `ffmpeg -version`. */
export function parseVersion(banner: string): string {
  return /^\S+ version (\S+)/.exec(banner)?.[1] ?? 'unknown';
}

/** The names in the output of `ffmpeg -encoders`; its legend above the rule lists none. */
export function parseEncoders(list: string): ReadonlySet<string> {
  const entries = list.slice(list.search(/^ -+$/m));
  return new Set([...entries.matchAll(/^ [VAS][A-Z.]{5} (\S+)/gm)].map(([, name]) => name ?? ''));
}

/** The names in the output of `ffmpeg -filters`; only filters have an arrow between their pads. */
export function parseFilters(list: string): ReadonlySet<string> {
  return new Set([...list.matchAll(/^ \S+ (\S+) +\S+->\S+/gm)].map(([, name]) => name ?? ''));
}

async function ask(program: string, question: string, variable: string): Promise<string> {
  const answer = await capture([program, '-hide_banner', question], { timeoutMs: LIST_TIMEOUT_MS }).catch(
    (cause: unknown) => {
      throw new MediaError('FEATURE_MISSING', `${program} does not start: set ${variable} to one that runs here`, {
        cause,
      });
    },
  );
  if (answer.code !== 0) {
    throw new MediaError('FEATURE_MISSING', `${program} does not run here: set ${variable} to one that does`, {
      facts: { exitCode: answer.code, signal: answer.signal, stderr: answer.stderr.slice(-500) },
    });
  }
  return answer.stdout;
}

function missing(name: string, variable: string): MediaError {
  return new MediaError(
    'FEATURE_MISSING',
    `${name} was not found: install it (Debian: apt-get install ffmpeg) or set ${variable} to its path`,
  );
}

/** The optional package may be absent, and may name a program that its install could not download. */
async function staticFfmpeg(): Promise<string | null> {
  let path: unknown;
  try {
    path = createRequire(import.meta.url)('ffmpeg-static');
  } catch {
    return null;
  }
  if (typeof path !== 'string' || !isExecutable(path)) return null;
  const answer = await capture([path, '-version'], { timeoutMs: LIST_TIMEOUT_MS }).catch(() => null);
  return answer?.code === 0 ? path : null;
}

/** util-linux's setpriv knows the option; BusyBox's does not. */
async function parentDeathLauncher(): Promise<readonly string[]> {
  const setpriv = onPath('setpriv');
  if (setpriv === null) return [];
  const launcher = [setpriv, '--pdeathsig', 'KILL', '--'];
  const trial = await capture([...launcher, process.execPath, '--version'], { timeoutMs: LIST_TIMEOUT_MS });
  return trial.code === 0 ? launcher : [];
}

function onPath(name: string): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
