import { mkdtempSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The private folders of a worker's attempts, below one folder that carries its process id. */
export class WorkDirs {
  private readonly own: string;

  constructor(private readonly root: string) {
    this.own = join(root, String(process.pid));
  }

  /** Makes the worker's folder and removes those of processes that are gone. */
  async open(): Promise<void> {
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.root)) {
      if (/^\d+$/.test(name) && !isRunning(Number(name)))
        await rm(join(this.root, name), { recursive: true, force: true });
    }
    await rm(this.own, { recursive: true, force: true });
    await mkdir(this.own, { recursive: true, mode: 0o700 });
  }

  /**
   * Runs `use` with a folder that is made when it is first asked for, and is gone when `use` ended.
   * Many jobs need none.
   */
  async with<T>(attemptId: number, use: (dir: () => string) => Promise<T>): Promise<T> {
    let made: string | undefined;
    try {
      return await use(() => (made ??= mkdtempSync(join(this.own, `${String(attemptId)}-`))));
    } finally {
      if (made !== undefined) await rm(made, { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    await rm(this.own, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
