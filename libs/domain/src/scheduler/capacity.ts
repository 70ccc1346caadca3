import type { PendingJob, WorkerCapacity } from './snapshot.js';

/**
 * Whether a job could ever find the video memory that it needs, asked when it is submitted. False
 * only when workers for it are known, all of them have devices, and no device is large enough.
 * @param workers those that are known, of any type, busy or not
 */
export function couldEverHold(
  { type, target, vramRequired }: Pick<PendingJob, 'type' | 'target' | 'vramRequired'>,
  workers: readonly Pick<WorkerCapacity, 'host' | 'jobTypes' | 'devices'>[],
): boolean {
  const fitting = workers.filter(
    ({ host, jobTypes }) => jobTypes.includes(type) && (target === null || host === target),
  );
  return (
    vramRequired <= 0 ||
    fitting.length === 0 ||
    fitting.some(
      ({ host, devices }) =>
        host === null || devices.length === 0 || devices.some(({ vramMb }) => vramMb >= vramRequired),
    )
  );
}
