import { readFileSync } from 'node:fs';

/**
 * Tells when a process does nothing: no progress was noted for `timeoutMs`, and it read nothing
 * either. Reading counts since ffmpeg reports no progress while it seeks in a long input, or moves
 * the index of a large output to the front.
 */
export class StallWatch {
  private timer: NodeJS.Timeout | undefined;
  private charsRead: string | null = null;
  private pid: number | undefined;
  private hasStalled = false;
  private held = false;

  constructor(
    private readonly timeoutMs: number,
    private readonly onStall: () => void,
  ) {}

  /** Whether the process was found to do nothing. */
  get stalled(): boolean {
    return this.hasStalled;
  }

  /** Starts to watch a process. */
  start(pid: number): void {
    this.pid = pid;
    this.noteProgress();
  }

  noteProgress(): void {
    if (this.pid === undefined || this.held) return;
    this.charsRead = charactersRead(this.pid);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.check();
    }, this.timeoutMs);
  }

  /** The process was stopped on purpose: until `resume` it may do nothing. */
  hold(): void {
    // A flag besides the timer: what the process wrote before may be read later, as progress.
    this.held = true;
    clearTimeout(this.timer);
  }

  /** The process goes on, with the whole of `timeoutMs` before it. */
  resume(): void {
    this.held = false;
    this.noteProgress();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.pid = undefined;
  }

  private check(): void {
    if (this.pid === undefined) return;
    const before = this.charsRead;
    if (charactersRead(this.pid) !== before) {
      this.noteProgress();
      return;
    }
    this.hasStalled = true;
    this.onStall();
  }
}

/**
 * Linux's counts of what a process and its children read, since the tool is a grandchild in a sandbox; null where the
 * system does not say.
 */
function charactersRead(pid: number): string | null {
  try {
    const own = /^rchar: (\d+)/m.exec(readFileSync(`/proc/${String(pid)}/io`, 'utf8'))?.[1] ?? null;
    return [own, ...childrenOf(pid).map(charactersRead)].join(' ');
  } catch {
    return null;
  }
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
