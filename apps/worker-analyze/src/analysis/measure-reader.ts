/** How long a measure is, in seconds. */
export const MEASURE_SECONDS = 0.5;

/** Pictures later than this have a wrong time: 11 days, as long as positions may be. */
const LATEST_SECONDS = 1_000_000;

/** Of cuts that are closer than this the sharper one counts, in seconds: scenes are never shorter. */
const CLOSEST_SECONDS = 0.1;

/** What stands for silence, in LUFS; the meter gives it for digital zeros. */
export const SILENCE_LUFS = -120;

/** A place where one scene ends and the next begins. */
export interface SceneCut {
  /** When the first picture of the next scene is shown, in seconds from the start of the film. */
  readonly seconds: number;
  /** How much the picture changes, 0 to 100. */
  readonly score: number;
}

/** What was measured of a film. */
export interface Analysis {
  /** From the start of the film to the end of its last picture. */
  readonly durationSeconds: number;
  readonly pictures: number;
  readonly cuts: readonly SceneCut[];
  /** For each half second: how much the picture changed within it, cuts left out, in percent a second. */
  readonly motion: readonly number[];
  /** For each half second, in LUFS; null where the film has no sound. */
  readonly loudness: readonly number[] | null;
}

/** Splits text that comes in pieces of any size into lines. */
class Lines {
  private rest = '';

  constructor(private readonly onLine: (line: string) => void) {}

  write(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.onLine(line);
  }
}

/**
 * Reads what the filters print: a line for each picture or tenth of a second of sound, and one for each figure of
 * it. What is kept does not grow with the number of pictures, only with the length of the film.
 */
export class MeasureReader {
  private readonly cuts: SceneCut[] = [];
  private readonly motion: number[] = [];
  private readonly energy: number[] = [];
  private readonly meterings: number[] = [];
  private pictures = 0;
  private first = 0;
  private last = 0;
  private shown = NaN;
  private change = 0;
  private score = 0;
  private isCut = false;
  private heard = NaN;
  private readonly pictureLines = new Lines((line) => {
    this.pictureLine(line);
  });
  private readonly soundLines = new Lines((line) => {
    this.soundLine(line);
  });

  /** What came out of the pipe for pictures. */
  readonly picture = (text: string): void => {
    this.pictureLines.write(text);
  };

  /** What came out of the pipe for sound. */
  readonly sound = (text: string): void => {
    this.soundLines.write(text);
  };

  /** All that was measured; null when there was no picture. Nothing may be written afterwards. */
  result(): Analysis | null {
    this.endPicture();
    if (this.pictures === 0) return null;
    const frame = this.pictures > 1 ? (this.last - this.first) / (this.pictures - 1) : DEFAULT_FRAME_SECONDS;
    const measures = this.motion.length;
    const loudness = Array.from({ length: measures }, (_, index) =>
      lufsOf((this.energy[index] ?? 0) / (this.meterings[index] ?? 1)),
    );
    return {
      durationSeconds: Math.round((this.last + frame) * 1e6) / 1e6,
      pictures: this.pictures,
      cuts: this.cuts,
      motion: this.motion.map((change) => change / MEASURE_SECONDS),
      loudness: this.meterings.length === 0 ? null : loudness,
    };
  }

  private pictureLine(line: string): void {
    const [key, value] = figure(line);
    if (line.startsWith('frame:')) {
      this.endPicture();
      this.shown = timeOf(line);
    } else if (key === 'lavfi.scd.mafd') this.change = value;
    else if (key === 'lavfi.scd.score') this.score = value;
    else if (key === 'lavfi.scd.time') this.isCut = true;
  }

  private endPicture(): void {
    const { shown, change, score, isCut } = this;
    this.shown = NaN;
    this.change = 0;
    this.isCut = false;
    if (Number.isNaN(shown)) return;
    if (this.pictures === 0) this.first = shown;
    this.pictures += 1;
    this.last = Math.max(this.last, shown);
    // A cut is no motion.
    add(this.motion, shown, isCut || !Number.isFinite(change) ? 0 : change);
    if (isCut && this.pictures > 1) this.noteCut({ seconds: shown, score });
  }

  private noteCut(cut: SceneCut): void {
    const before = this.cuts.at(-1);
    if (before === undefined || cut.seconds - before.seconds >= CLOSEST_SECONDS) this.cuts.push(cut);
    else if (cut.score > before.score) this.cuts[this.cuts.length - 1] = cut;
  }

  private soundLine(line: string): void {
    if (line.startsWith('frame:')) {
      this.heard = timeOf(line);
      return;
    }
    const [key, value] = figure(line);
    if (key !== 'lavfi.r128.M' || Number.isNaN(this.heard)) return;
    add(this.energy, this.heard, value > SILENCE_LUFS ? 10 ** (value / 10) : 0);
    add(this.meterings, this.heard, 1);
  }
}

/** What the single picture of a film lasts, in seconds. */
const DEFAULT_FRAME_SECONDS = 0.04;

/** Loudness of an amount of energy; the mean loudness of several is that of their mean energy. */
export const lufsOf = (energy: number): number =>
  energy > 0 ? Math.max(SILENCE_LUFS, Math.round(100 * Math.log10(energy)) / 10) : SILENCE_LUFS;

/** Adds to the measure of a time; those before it that nothing was added to are 0. */
function add(measures: number[], seconds: number, value: number): void {
  const index = Math.floor(seconds / MEASURE_SECONDS);
  while (measures.length <= index) measures.push(0);
  measures[index] = (measures[index] ?? 0) + value;
}

/** The time in a line such as `frame:3    pts:120000  pts_time:0.12`, from its microseconds; NaN where it has none that is right. */
function timeOf(line: string): number {
  const seconds = Number(/pts:(-?\d+)/.exec(line)?.[1] ?? NaN) / 1e6;
  return seconds <= LATEST_SECONDS ? Math.max(0, seconds) : NaN;
}

function figure(line: string): [string, number] {
  const at = line.indexOf('=');
  return at < 0 ? ['', NaN] : [line.slice(0, at), Number(line.slice(at + 1))];
}
