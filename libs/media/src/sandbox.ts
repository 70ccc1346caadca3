import type { Access } from './access.js';

/** What is the same for every run in the sandbox. */
export interface Sandbox {
  /** Path of bubblewrap. */
  readonly bwrap: string;
  /** Files and folders besides the system's that every run may read: where the programs are, a font. */
  readonly reads: readonly string[];
  /**
   * Whether the service runs as root. It may then write to folders of others, and so may its tools: they keep
   * this one capability. Everybody else's tools have none.
   */
  readonly asRoot: boolean;
}

/** What programs need of the system; what of it is not there is left out. Nothing of /etc that tells who uses it. */
const SYSTEM_READS = [
  ...['/usr', '/bin', '/lib', '/lib32', '/lib64', '/libx32', '/sbin', '/nix/store'],
  ...['/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/ld-musl-x86_64.path', '/etc/alternatives'],
  '/etc/fonts',
];

/** What the drivers of a GPU read, besides its device files. */
const DRIVER_READS = ['/sys/dev', '/sys/devices', '/sys/class/drm', '/sys/module', '/etc/OpenCL', '/etc/nvidia'];

/** Programs look for their own settings and make files there. */
const PRIVATE_FOLDER = '/tmp';

/** Whether the sandbox shows a path in any case. */
export const isOfSystem = (path: string): boolean =>
  SYSTEM_READS.some((folder) => path === folder || path.startsWith(`${folder}/`));

/**
 * The argv that goes before a program's own, to run it with no network, no other processes in sight, no capabilities,
 * and no files but those it needs. It stays in the process group of bubblewrap, so that a signal to the group
 * reaches it, and is killed when bubblewrap or what started that dies.
 */
export function sandboxArgv({ bwrap, reads, asRoot }: Sandbox, access: Access, libraryPath: string | null): string[] {
  return [
    bwrap,
    ...[
      '--unshare-ipc',
      '--unshare-pid',
      '--unshare-net',
      '--unshare-uts',
      '--unshare-cgroup-try',
      '--die-with-parent',
    ],
    ...['--cap-drop', 'ALL', ...(asRoot ? ['--cap-add', 'CAP_DAC_OVERRIDE'] : [])],
    ...SYSTEM_READS.flatMap((path) => ['--ro-bind-try', path, path]),
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', PRIVATE_FOLDER],
    ...(access.devices.length > 0 ? DRIVER_READS.flatMap((path) => ['--ro-bind-try', path, path]) : []),
    ...access.devices.flatMap((path) => ['--dev-bind-try', path, path]),
    ...mounts([...reads, ...access.reads], access.writes),
    ...['--remount-ro', '/', '--chdir', '/'],
    ...['--setenv', 'HOME', PRIVATE_FOLDER, '--setenv', 'TMPDIR', PRIVATE_FOLDER],
    // A script around bubblewrap may have changed it.
    ...(libraryPath === null ? [] : ['--setenv', 'LD_LIBRARY_PATH', libraryPath]),
    '--',
  ];
}

/** Outer folders come first, since a mount hides what is below it; so an input stays read-only in a writable folder. */
function mounts(reads: readonly string[], writes: readonly string[]): string[] {
  const modes = new Map<string, '--ro-bind' | '--bind'>();
  for (const path of reads) if (!isOfSystem(path)) modes.set(path, '--ro-bind');
  for (const path of writes) modes.set(path, '--bind');
  return [...modes]
    .sort(([one], [other]) => depth(one) - depth(other) || (one < other ? -1 : 1))
    .flatMap(([path, mode]) => [mode, path, path]);
}

const depth = (path: string): number => path.split('/').filter((name) => name !== '').length;
