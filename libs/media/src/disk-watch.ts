import { statfs } from 'node:fs/promises';
import { lackOfRoom } from './disk-room.js';
import { MediaError } from './errors.js';

/** How often a disk is looked at during a run: even a fast one fills by less than the usual reserve meanwhile. */
const LOOK_EVERY_MS = 1_000;

/** @throws {MediaError} DISK_FULL when one of the folders has too little room */
export async function requireRoom(folders: readonly string[], expected: number, reserveBytes: number): Promise<void> {
  const fault = await faultOf(folders, expected, reserveBytes);
  if (fault !== null) throw fault;
}

/** Looks after the disks that a run writes to. */
export class DiskWatch {
  private readonly timer: NodeJS.Timeout | undefined;
  private found: MediaError | null = null;

  /** @param onFull called once, when there is less room than the reserve */
  constructor(folders: readonly string[], reserveBytes: number, onFull: () => void) {
    if (folders.length === 0 || reserveBytes === 0) return;
    this.timer = setInterval(() => {
      void faultOf(folders, 0, reserveBytes).then((fault) => {
        if (fault === null || this.found !== null) return;
        this.found = fault;
        onFull();
      });
    }, LOOK_EVERY_MS);
  }

  /** What was found. */
  get fault(): MediaError | null {
    return this.found;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

async function faultOf(folders: readonly string[], expected: number, reserveBytes: number): Promise<MediaError | null> {
  for (const folder of folders) {
    // A folder that cannot be looked at is ffmpeg's to complain of.
    const disk = await statfs(folder).catch(() => null);
    if (disk === null) continue;
    const room = { freeBytes: disk.bavail * disk.bsize, expectedBytes: expected, reserveBytes };
    const lack = lackOfRoom(room);
    if (lack !== null) return new MediaError('DISK_FULL', lack, { facts: { ...room } });
  }
  return null;
}
