import { capture } from './child.js';
import { MediaError } from './errors.js';
import { launchArgv, type Launch } from './launch.js';
import { programFiles } from './program-files.js';
import type { Sandbox } from './sandbox.js';

/** Whether tools run in a sandbox: where one works, always, or never. */
export type SandboxChoice = 'auto' | 'required' | 'off';

/** Time for bubblewrap and ffmpeg to start; it takes a tenth of a second, or several on a busy machine. */
const TRIAL_TIMEOUT_MS = 20_000;

/** The shortest real run of ffmpeg: a picture of 16x16. */
const SHORTEST_RUN = [
  '-nostdin',
  '-v',
  'error',
  '-f',
  'lavfi',
  '-i',
  'color=s=16x16',
  '-frames:v',
  '1',
  '-f',
  'null',
  '-',
];

export interface SandboxRequest {
  readonly choice: SandboxChoice;
  /** Path of bubblewrap; null when it was not found. */
  readonly bwrap: string | null;
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** Files and folders outside of the system's that runs need, such as a font. */
  readonly reads: readonly string[];
}

/** What was decided. */
export interface SandboxOutcome {
  readonly sandbox: Sandbox | null;
  /** Why there is none though one was asked for. */
  readonly problem: string | null;
}

/**
 * Decides whether tools run in a sandbox, by starting ffmpeg and ffprobe in one.
 * @throws {MediaError} FEATURE_MISSING when it is required and does not work
 */
export async function trySandbox(request: SandboxRequest, launch: Launch): Promise<SandboxOutcome> {
  const { choice, bwrap } = request;
  if (choice === 'off') return { sandbox: null, problem: null };
  const outcome =
    bwrap === null
      ? { sandbox: null, problem: 'bubblewrap was not found' }
      : await startInside({ ...request, bwrap }, launch);
  if (outcome.problem === null || choice === 'auto') return outcome;
  throw new MediaError(
    'FEATURE_MISSING',
    `SANDBOX is required, and there is none: ${outcome.problem}. Install bubblewrap (Debian: apt-get install bubblewrap) ` +
      'or set BWRAP_PATH; the system, or the container, must allow user namespaces',
  );
}

async function startInside(
  { bwrap, ffmpeg, ffprobe, reads }: SandboxRequest & { readonly bwrap: string },
  launch: Launch,
): Promise<SandboxOutcome> {
  const { LD_LIBRARY_PATH } = launch.env;
  const sandbox: Sandbox = {
    bwrap,
    reads: [...new Set([ffmpeg, ffprobe].flatMap((program) => programFiles(program, LD_LIBRARY_PATH)).concat(reads))],
    asRoot: process.getuid?.() === 0,
  };
  const commands = [
    [ffmpeg, ...SHORTEST_RUN],
    [ffprobe, '-v', 'error', '-version'],
  ];
  for (const command of commands) {
    const argv = launchArgv({ ...launch, sandbox }, command, { reads: [], writes: [], devices: [] });
    const trial = await capture(argv, { env: launch.env, timeoutMs: TRIAL_TIMEOUT_MS }).catch((error: unknown) => ({
      code: null,
      stderr: error instanceof Error ? error.message : String(error),
    }));
    if (trial.code !== 0) {
      return { sandbox: null, problem: `${String(command[0])} does not start in it: ${lastLine(trial.stderr)}` };
    }
  }
  return { sandbox, problem: null };
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
