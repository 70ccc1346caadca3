/** What one run of a tool may use at most; null for no limit. */
export interface Limits {
  /** Path of util-linux's prlimit, which sets them; null where it is not there. */
  readonly prlimit: string | null;
  readonly memoryMb: number | null;
  readonly cpuSeconds: number | null;
  readonly fileMb: number | null;
}

export const NO_LIMITS: Limits = { prlimit: null, memoryMb: null, cpuSeconds: null, fileMb: null };

const MEGABYTE = 1024 * 1024;

/** CPU seconds between ffmpeg's chance to close its files and SIGKILL. */
const LAST_CPU_SECONDS = 5;

/** The argv that goes before a program's own, to run it within limits; its children inherit them. */
export function limitArgv({ prlimit, memoryMb, cpuSeconds, fileMb }: Limits): string[] {
  const limits = [
    // Memory that is written to, and not addresses: threads and drivers reserve far more of those than they use.
    ...(memoryMb === null ? [] : [`--data=${String(memoryMb * MEGABYTE)}`]),
    ...(cpuSeconds === null ? [] : [`--cpu=${String(cpuSeconds)}:${String(cpuSeconds + LAST_CPU_SECONDS)}`]),
    ...(fileMb === null ? [] : [`--fsize=${String(fileMb * MEGABYTE)}`]),
  ];
  return prlimit === null || limits.length === 0 ? [] : [prlimit, ...limits, '--core=0', '--'];
}
