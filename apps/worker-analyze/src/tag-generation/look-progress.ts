/** Seconds that are left, rounded up, when `done` of `all` pictures took so many milliseconds. */
export function secondsLeft(done: number, all: number, workedMs: number): number {
  return Math.ceil(((Math.max(0, all - done) / Math.max(1, done)) * workedMs) / 1000);
}
