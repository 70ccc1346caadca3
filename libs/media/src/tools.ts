import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { capture } from './child.js';
import { MediaError } from './errors.js';
import type { Launch } from './launch.js';
import type { Limits } from './limits.js';
import { isProgram } from './program-files.js';
import { trySandbox, type SandboxChoice } from './sandbox-trial.js';

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
  /** How they are started. */
  readonly launch: Launch;
  /** What must stay free on every disk that a run writes to. */
  readonly reserveBytes: number;
}

/** What the tools are found by. */
export interface ToolSearch {
  /** Paths that were set by hand; they win. */
  readonly ffmpegPath?: string | undefined;
  readonly ffprobePath?: string | undefined;
  readonly bwrapPath?: string | undefined;
  readonly sandbox: SandboxChoice;
  /** Files and folders outside of the system's that runs need, such as a font. */
  readonly reads: readonly string[];
  readonly limits: Omit<Limits, 'prlimit'>;
  readonly reserveBytes: number;
  /** The library, with all links followed. */
  readonly libraryRoots: readonly string[];
  /** The environment of every tool; its PATH is searched. */
  readonly env: Readonly<Record<string, string>>;
}

/** The tools, and why they do not run in a sandbox where they should. */
export interface FoundTools {
  readonly tools: MediaTools;
  readonly sandboxProblem: string | null;
}

/**
 * Finds ffmpeg (the given path, else the package `ffmpeg-static` if its program is there and runs, else
 * PATH) and ffprobe (the given path, else PATH: the package has none), and asks what they can do.
 * @throws {MediaError} FEATURE_MISSING naming what to set or install
 */
export async function resolveFfmpeg(search: ToolSearch): Promise<FoundTools> {
  const { env, libraryRoots, limits } = search;
  const ffmpeg = search.ffmpegPath ?? (await staticFfmpeg(env)) ?? onPath('ffmpeg', env);
  const ffprobe = search.ffprobePath ?? onPath('ffprobe', env);
  if (ffmpeg === null) throw missing('ffmpeg', 'FFMPEG_PATH');
  if (ffprobe === null) throw missing('ffprobe', 'FFPROBE_PATH');
  const [banner, encoders, filters, parentDeath] = await Promise.all([
    ask(ffmpeg, '-version', 'FFMPEG_PATH', env),
    ask(ffmpeg, '-encoders', 'FFMPEG_PATH', env),
    ask(ffmpeg, '-filters', 'FFMPEG_PATH', env),
    parentDeathLauncher(env),
    ask(ffprobe, '-version', 'FFPROBE_PATH', env),
  ]);
  const prlimit = requirePrlimit(limits, onPath('prlimit', env));
  const bare: Launch = { env, sandbox: null, parentDeath, limits: { ...limits, prlimit }, libraryRoots };
  const { sandbox, problem } = await trySandbox(
    {
      choice: search.sandbox,
      bwrap: search.bwrapPath ?? onPath('bwrap', env),
      ffmpeg,
      ffprobe,
      reads: search.reads,
    },
    bare,
  );
  return {
    tools: {
      ffmpeg,
      ffprobe,
      version: parseVersion(banner),
      encoders: parseEncoders(encoders),
      filters: parseFilters(filters),
      launch: { ...bare, sandbox },
      reserveBytes: search.reserveBytes,
    },
    sandboxProblem: problem,
  };
}

/** Limits that were asked for are never left out silently. */
function requirePrlimit(
  { memoryMb, cpuSeconds, fileMb }: Omit<Limits, 'prlimit'>,
  prlimit: string | null,
): string | null {
  const asked = [memoryMb, cpuSeconds, fileMb].some((limit) => limit !== null);
  if (!asked || prlimit !== null) return prlimit;
  throw new MediaError(
    'FEATURE_MISSING',
    'FFMPEG_MAX_MEMORY_MB, FFMPEG_MAX_CPU_SECONDS and FFMPEG_MAX_FILE_MB need prlimit: install util-linux',
  );
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

async function ask(program: string, question: string, variable: string, env: Launch['env']): Promise<string> {
  const answer = await capture([program, '-hide_banner', question], { env, timeoutMs: LIST_TIMEOUT_MS }).catch(
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
async function staticFfmpeg(env: Launch['env']): Promise<string | null> {
  let path: unknown;
  try {
    path = createRequire(import.meta.url)('ffmpeg-static');
  } catch {
    return null;
  }
  if (typeof path !== 'string' || !isProgram(path)) return null;
  const answer = await capture([path, '-version'], { env, timeoutMs: LIST_TIMEOUT_MS }).catch(() => null);
  return answer?.code === 0 ? path : null;
}

/** util-linux's setpriv knows the option; BusyBox's does not. */
async function parentDeathLauncher(env: Launch['env']): Promise<readonly string[]> {
  const setpriv = onPath('setpriv', env);
  if (setpriv === null) return [];
  const launcher = [setpriv, '--pdeathsig', 'KILL', '--'];
  const trial = await capture([...launcher, process.execPath, '--version'], { env, timeoutMs: LIST_TIMEOUT_MS });
  return trial.code === 0 ? launcher : [];
}

function onPath(name: string, env: Launch['env']): string | null {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null;
}
