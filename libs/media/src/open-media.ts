import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { MediaError } from './errors.js';
import { Ffmpeg } from './ffmpeg.js';
import { findHardware } from './hardware.js';
import { toolEnvironment } from './launch.js';
import { MediaLibrary } from './library.js';
import { HARDWARE_KINDS, type HardwareEncoders } from './plan/hardware-encoder.js';
import { resolveFfmpeg } from './tools.js';

/** Enough for a database or a log beside the library to live on, and little beside any video. */
const DEFAULT_RESERVE_MB = 500;

/** The first GPU's. */
const DEFAULT_RENDER_NODE = '/dev/dri/renderD128';

const limit = (max: number) => z.coerce.number().int().min(1).max(max).optional();

const passedOn = z.string().optional().describe('Handed on to ffmpeg');

/** What of the environment ffmpeg sees. */
const passedEnv = { PATH: passedOn, LD_LIBRARY_PATH: passedOn, LANG: passedOn, HOME: passedOn, TMPDIR: passedOn };

/** Folders that links of the library may lead to, separated by commas. */
export const mediaLinks = z
  .string()
  .default('')
  .transform((folders) => folders.split(',').filter((folder) => folder !== ''))
  .refine((folders) => folders.every(isAbsolute), 'must be absolute paths, separated by commas');

/** The variables that a service which handles media reads. */
export const mediaEnv = z.object({
  MEDIA_ROOT: z.string().min(1).describe('Folder of the media library'),
  MEDIA_LINKS: mediaLinks.describe('Folders outside of it that links in it may lead to, separated by commas'),
  FFMPEG_PATH: z.string().min(1).optional().describe('The ffmpeg to run; left out, ffmpeg-static or the one on PATH'),
  FFPROBE_PATH: z.string().min(1).optional().describe('The ffprobe to run; left out, the one on PATH'),
  FFMPEG_THREADS: limit(256).describe('Threads of each encoder and decoder; left out, as many as ffmpeg likes'),
  SANDBOX: z
    .enum(['auto', 'required', 'off'])
    .optional()
    .describe('Whether ffmpeg runs in bubblewrap: auto (the default) where that works, required, or off'),
  BWRAP_PATH: z.string().min(1).optional().describe('The bubblewrap to run; left out, the one on PATH'),
  FFMPEG_MAX_MEMORY_MB: limit(100_000_000).describe('Memory of one run; left out, no limit'),
  FFMPEG_MAX_CPU_SECONDS: limit(100_000_000).describe('CPU time of one run; left out, no limit'),
  FFMPEG_MAX_FILE_MB: limit(100_000_000).describe('Size of a file that a run writes; left out, no limit'),
  MIN_FREE_DISK_MB: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000_000)
    .optional()
    .describe('What must stay free on a disk that is written to'),
  HARDWARE: z
    .enum(['auto', 'off', ...HARDWARE_KINDS])
    .optional()
    .describe('Encoders on a GPU: auto (the default) for those that work, off, or one kind that must work'),
  VAAPI_DEVICE: z.string().min(1).optional().describe('The render node of VAAPI and QSV'),
  ...passedEnv,
});
export type MediaEnv = z.output<typeof mediaEnv>;

/** What media work needs. */
export interface Media {
  readonly ffmpeg: Ffmpeg;
  readonly library: MediaLibrary;
  /** What the GPU encodes; null without one, or where nothing was asked of it. */
  readonly hardware: HardwareEncoders | null;
  /** What was found and is worth announcing: ffmpeg's version and what was asked for. */
  readonly features: readonly string[];
  /** What was found and is worth a line in the service's log. */
  readonly notes: readonly string[];
}

/** What a service asks of its tools. */
export interface MediaNeeds {
  /** Files and folders outside of the system's that runs read, such as a font. */
  readonly reads?: readonly string[];
  /** Whether encoders on a GPU are of use to it. */
  readonly hardware?: boolean;
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
  { reads = [], hardware: wantsHardware = false }: MediaNeeds = {},
): Promise<Media> {
  const library = new MediaLibrary(env.MEDIA_ROOT, env.MEDIA_LINKS);
  const { tools, sandboxProblem } = await resolveFfmpeg({
    ffmpegPath: env.FFMPEG_PATH,
    ffprobePath: env.FFPROBE_PATH,
    bwrapPath: env.BWRAP_PATH,
    sandbox: env.SANDBOX ?? 'auto',
    reads,
    limits: {
      memoryMb: env.FFMPEG_MAX_MEMORY_MB ?? null,
      cpuSeconds: env.FFMPEG_MAX_CPU_SECONDS ?? null,
      fileMb: env.FFMPEG_MAX_FILE_MB ?? null,
    },
    reserveBytes: (env.MIN_FREE_DISK_MB ?? DEFAULT_RESERVE_MB) * 1_000_000,
    libraryRoots: await library.rootPaths(),
    env: toolEnvironment(env),
  });
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
  const hardware = wantsHardware
    ? await findHardware(env.HARDWARE ?? 'auto', env.VAAPI_DEVICE ?? DEFAULT_RENDER_NODE, tools)
    : null;
  const { sandbox, parentDeath } = tools.launch;
  return {
    library,
    hardware,
    ffmpeg: new Ffmpeg(tools, env.FFMPEG_THREADS ?? null),
    features: [
      `ffmpeg-${tools.version}`,
      ...encoders,
      ...found,
      ...(hardware?.names ?? []),
      ...(sandbox !== null || parentDeath.length > 0 ? ['parent-death-signal'] : []),
      ...(sandbox === null ? [] : ['sandbox']),
    ],
    notes: [
      sandboxNote(sandbox?.bwrap, sandboxProblem),
      ...(hardware === null ? [] : [`the GPU encodes by ${hardware.names.join(', ')}`]),
    ],
  };
}

function sandboxNote(bwrap: string | undefined, problem: string | null): string {
  if (bwrap !== undefined) return `ffmpeg runs in a sandbox, by ${bwrap}`;
  return problem === null ? 'ffmpeg runs without a sandbox' : `ffmpeg runs without a sandbox: ${problem}`;
}
