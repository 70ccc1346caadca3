import { shellQuote } from '../../tools/lib/ffmpeg.mjs';

/**
 * An argv to be put before a program's own, that has it see a small disk of its own at a folder. The disk is a tmpfs in
 * a mount namespace, which goes with the program. It needs no privileges, only user namespaces: where the system forbids
 * these to normal users the program does not start, and a test that waits for it fails.
 */
export const withSmallDisk = (folder: string, kilobytes: number): string[] => [
  ...['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c'],
  `mount -t tmpfs -o size=${String(kilobytes)}k none ${shellQuote(folder)} && exec "$@"`,
  'sh',
];

/** A folder as a process sees it that has mounts of its own. */
export const seenBy = (pid: number, folder: string): string => `/proc/${String(pid)}/root${folder}`;
