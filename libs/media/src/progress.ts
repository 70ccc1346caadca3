/** How far ffmpeg is. */
export interface EncodeProgress {
  /** 0 to 100, never falling; 0 throughout where the duration is not known. */
  readonly percent: number;
  /** Seconds of media written so far. */
  readonly mediaSeconds: number;
  readonly fps?: number;
  /** Media seconds per second. */
  readonly speed?: number;
  readonly etaSeconds?: number;
}

/** What a block of `-progress` output says; null or left out where ffmpeg does not know (`N/A`). */
interface ProgressBlock {
  readonly mediaSeconds: number;
  readonly frames: number;
  readonly fps: number | undefined;
  readonly speed: number | undefined;
  /** Changes whenever ffmpeg got any further. */
  readonly fingerprint: string;
}

/**
 * Reads what `-progress pipe:1` writes: blocks of `key=value` lines, each closed by a `progress` line.
 * Text may come in pieces of any size.
 */
export class ProgressReader {
  private rest = '';
  private fields = new Map<string, string>();
  private percent = 0;
  private fingerprint = '';
  private mediaSeconds = 0;
  private frames = 0;

  /** @param durationSeconds of what will be written; null when it is not known */
  constructor(private readonly durationSeconds: number | null) {}

  /** Seconds of media written so far. */
  get writtenSeconds(): number {
    return this.mediaSeconds;
  }

  /** Pictures written so far. */
  get writtenFrames(): number {
    return this.frames;
  }

  /** Returns the progress of each block in which ffmpeg got further. */
  read(text: string): EncodeProgress[] {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    const updates: EncodeProgress[] = [];
    for (const line of lines) {
      const [key, value] = splitOnce(line.trim());
      this.fields.set(key, value);
      if (key !== 'progress') continue;
      const update = this.close(parseBlock(this.fields));
      if (update !== null) updates.push(update);
      this.fields = new Map();
    }
    return updates;
  }

  private close(block: ProgressBlock): EncodeProgress | null {
    if (block.fingerprint === this.fingerprint) return null;
    this.fingerprint = block.fingerprint;
    this.mediaSeconds = Math.max(this.mediaSeconds, block.mediaSeconds);
    this.frames = Math.max(this.frames, block.frames);
    this.percent = Math.max(this.percent, percentOf(this.mediaSeconds, this.durationSeconds));
    const etaSeconds = estimateSeconds(this.mediaSeconds, this.durationSeconds, block.speed);
    return {
      percent: this.percent,
      mediaSeconds: this.mediaSeconds,
      ...(block.fps === undefined ? {} : { fps: block.fps }),
      ...(block.speed === undefined ? {} : { speed: block.speed }),
      ...(etaSeconds === undefined ? {} : { etaSeconds }),
    };
  }
}

/** 0 to 100; 0 where the duration is not known. */
export function percentOf(mediaSeconds: number, durationSeconds: number | null): number {
  if (durationSeconds === null || durationSeconds <= 0) return 0;
  return Math.min(100, Math.max(0, (mediaSeconds / durationSeconds) * 100));
}

/** Seconds that are left at this speed, rounded up; undefined where it cannot be told. */
export function estimateSeconds(
  mediaSeconds: number,
  durationSeconds: number | null,
  speed: number | undefined,
): number | undefined {
  if (durationSeconds === null || speed === undefined || speed <= 0) return undefined;
  return Math.ceil(Math.max(0, durationSeconds - mediaSeconds) / speed);
}

function parseBlock(fields: ReadonlyMap<string, string>): ProgressBlock {
  const fps = finite(fields.get('fps'));
  return {
    // `out_time_ms` is in microseconds too. Before the first packet it is N/A or far below zero.
    mediaSeconds: Math.max(0, (finite(fields.get('out_time_us')) ?? 0) / 1_000_000),
    frames: finite(fields.get('frame')) ?? 0,
    fps: fps === 0 ? undefined : fps,
    speed: finite(fields.get('speed')?.replace(/x$/, '')),
    fingerprint: ['frame', 'out_time_us', 'total_size', 'progress'].map((key) => fields.get(key)).join('/'),
  };
}

function finite(text: string | undefined): number | undefined {
  const number = text === undefined || text === '' ? NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf('=');
  return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

/** Where progress is told; a job's context fits. */
export interface ProgressSink {
  progress(update: { percent: number; phase?: string; fps?: number; speed?: number; etaSeconds?: number }): void;
  log(line: string): void;
}

/** Percents at which the job's log gets a line; the live progress is finer. */
const LOGGED_PERCENTS = [25, 50, 75, 100];

/** An `onProgress` that passes each update on under a phase's name, and logs at 25, 50, 75 and 100 %. */
export function reportProgress(sink: ProgressSink, phase: string): (progress: EncodeProgress) => void {
  let logged = 0;
  return ({ percent, fps, speed, etaSeconds }) => {
    sink.progress({ phase, percent, fps, speed, etaSeconds });
    const step = LOGGED_PERCENTS.findLast((each) => each <= percent) ?? 0;
    if (step <= logged) return;
    logged = step;
    const pace = speed === undefined ? '' : ` at ${String(speed)}x`;
    sink.log(`${phase}: ${String(step)} %${pace}`);
  };
}
