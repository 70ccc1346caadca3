import { spawn, type ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { Readable } from 'node:stream';
import { MediaError } from './errors.js';
import { untilResumed, type PauseSignal } from './pause.js';

/** Time between SIGTERM and SIGKILL, in which ffmpeg may close its files. */
const KILL_AFTER_MS = 2_000;

/** Signals are numbered up to here; a shell or a sandbox whose program was ended by one exits with 128 and its number. */
const LAST_SIGNAL = 31;

export interface ChildOptions {
  /** The program's whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** On abort the whole process group gets SIGTERM, and SIGKILL 2 s later. */
  readonly signal?: AbortSignal | undefined;
  /** While it is paused, the whole process group is stopped, or the program is not started yet. */
  readonly pause?: PauseSignal | undefined;
  readonly onStdout: (text: string) => void;
  readonly onStderr: (text: string) => void;
  /** Each gets one further pipe to read: the first file descriptor 3, and so on. The program waits while nobody reads. */
  readonly onPipes?: readonly ((pipe: Readable) => void)[] | undefined;
  /** Called with the process id, which is the process group's id as well. */
  readonly onSpawn?: ((pid: number) => void) | undefined;
  /** -20 (first) to 19 (last); left out, the worker's own. */
  readonly niceness?: number | undefined;
}

/** How a process ended: one of the two is null. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a program in a process group of its own, without a shell, and waits until it is gone and its
 * output is read. An abort ends the process; it is the caller's to look at the signal afterwards.
 * Must be called from the main thread when the argv ties it to this process, which the kernel ties to the thread.
 * @throws {MediaError} FEATURE_MISSING when the program cannot be started
 */
export async function runChild(argv: readonly string[], options: ChildOptions): Promise<ChildExit> {
  const [command = '', ...args] = argv;
  while (options.pause?.paused && !options.signal?.aborted) await untilResumed(options.pause, options.signal);
  if (options.signal?.aborted) return { code: null, signal: 'SIGTERM' };
  const child = spawn(command, args, {
    detached: true,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe', ...(options.onPipes ?? []).map(() => 'pipe' as const)],
  });
  child.stdout?.setEncoding('utf8').on('data', options.onStdout);
  child.stderr?.setEncoding('utf8').on('data', options.onStderr);
  for (const [index, onPipe] of (options.onPipes ?? []).entries()) onPipe(child.stdio[index + 3] as Readable);
  if (child.pid !== undefined) {
    if (options.niceness !== undefined) lowerPriority(child.pid, options.niceness);
    options.onSpawn?.(child.pid);
  }
  return settle(child, command, options);
}

function settle(child: ChildProcess, command: string, { signal, pause }: ChildOptions): Promise<ChildExit> {
  return new Promise((resolve, reject) => {
    let killTimer: NodeJS.Timeout | undefined;
    const unsubscribe = pause?.onChange(() => {
      signalGroup(child, pause.paused ? 'SIGSTOP' : 'SIGCONT');
    });
    const stop = (): void => {
      // From here on nothing may stop it again: a stopped process handles no SIGTERM.
      unsubscribe?.();
      signalGroup(child, 'SIGCONT');
      signalGroup(child, 'SIGTERM');
      killTimer = setTimeout(() => {
        signalGroup(child, 'SIGKILL');
      }, KILL_AFTER_MS);
    };
    const finish = (): void => {
      clearTimeout(killTimer);
      unsubscribe?.();
      signal?.removeEventListener('abort', stop);
    };
    signal?.addEventListener('abort', stop, { once: true });
    child.once('error', (cause) => {
      if (child.pid !== undefined) return; // A failed kill or write; `close` follows.
      finish();
      reject(new MediaError('FEATURE_MISSING', `cannot start ${command}`, { cause }));
    });
    child.once('close', (code, exitSignal) => {
      finish();
      resolve(exitOf(code, exitSignal));
    });
  });
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // The group is gone already.
  }
}

function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // It ended already, or the system refuses; the work is the same.
  }
}

/** How the program itself ended, though a sandbox or a script around it may have told. */
export function exitOf(code: number | null, signal: NodeJS.Signals | null): ChildExit {
  const number = (code ?? 0) - 128;
  if (number < 1 || number > LAST_SIGNAL) return { code, signal };
  const named = Object.entries(constants.signals).find(([, value]) => value === number);
  return named === undefined ? { code, signal } : { code: null, signal: named[0] as NodeJS.Signals };
}

/** What a short-lived program said. */
export interface Captured extends ChildExit {
  readonly stdout: string;
  readonly stderr: string;
  /** True when it was ended since it took longer than `timeoutMs`, counted from the last pause. */
  readonly timedOut: boolean;
}

export interface CaptureOptions extends Pick<ChildOptions, 'env' | 'signal' | 'pause'> {
  readonly timeoutMs: number;
  readonly maxChars?: number;
}

/** Runs a short-lived program and keeps the first `maxChars` characters of either output. */
export async function capture(
  argv: readonly string[],
  { env, signal, pause, timeoutMs, maxChars = 4_000_000 }: CaptureOptions,
): Promise<Captured> {
  let stdout = '';
  let stderr = '';
  const { controller, unlink } = linkedController(signal);
  let timedOut = false;
  let timer: NodeJS.Timeout | undefined;
  const restartTimer = (): void => {
    clearTimeout(timer);
    if (pause?.paused) return;
    timer = setTimeout(() => {
      timedOut = true;
      controller.abort();
    }, timeoutMs);
  };
  restartTimer();
  const unsubscribe = pause?.onChange(restartTimer);
  try {
    const exit = await runChild(argv, {
      env,
      signal: controller.signal,
      pause,
      onStdout: (text) => (stdout = (stdout + text).slice(0, maxChars)),
      onStderr: (text) => (stderr = (stderr + text).slice(0, maxChars)),
    });
    return { ...exit, stdout, stderr, timedOut };
  } finally {
    unsubscribe?.();
    clearTimeout(timer);
    unlink();
  }
}

/** A controller that aborts with `signal`, and can abort on its own; `unlink` ends the tie. */
export function linkedController(signal: AbortSignal | undefined): { controller: AbortController; unlink: () => void } {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  return { controller, unlink: () => signal?.removeEventListener('abort', abort) };
}
