import { guardedInput, outputFile, uprightSize, type VideoStreamInfo } from '@reelay/media';
import { preparePicture, threadOptions } from '@reelay/media/plan';
import { detailFilters, showsAll, type Detail } from './detail.plan.js';
import { ratesOf, type LadderPlan, type PlannedRung } from './ladder.plan.js';

/** The qualities at which samples are encoded: what is wanted lies between them. */
export const SAMPLE_CRFS = [21, 27] as const;
/** The quality that bitrates are chosen for. */
const WANTED_CRF = 23;

/** Samples, and how long each is. */
const PLACES = 4;
const SAMPLE_SECONDS = 2;
/** A film that is no longer than this is taken as one sample. */
const WHOLE_SECONDS = PLACES * SAMPLE_SECONDS;

/** How far from the usual bitrate a chosen one may be. */
const LEAST_SHARE = 0.25;
const MOST_SHARE = 1.5;

/**
 * A rendition that takes this share of what the next larger one takes saves nobody anything. The usual sizes are further
 * apart than that, whatever the film; sizes that were asked for may not be.
 */
const NEARLY = 0.8;

/** A part of the film that is encoded to see what it takes. */
export interface Sample {
  readonly start: number;
  readonly seconds: number;
}

/** Where samples are taken: from the middles of equal parts of the film. */
export function samplePlaces(durationSeconds: number | null): Sample[] {
  if (durationSeconds === null || durationSeconds <= WHOLE_SECONDS) {
    return [{ start: 0, seconds: durationSeconds ?? WHOLE_SECONDS }];
  }
  const part = durationSeconds / PLACES;
  return Array.from({ length: PLACES }, (_, index) => ({
    start: Number(((index + 0.5) * part - SAMPLE_SECONDS / 2).toFixed(3)),
    seconds: SAMPLE_SECONDS,
  }));
}

/** The files of one sample's encodes. */
export const sampleFile = (rung: string, crf: number): string => `${rung}-${String(crf)}.h264`;

/**
 * The command that encodes a sample in every size at every quality and compares each size with it, from one decode. The
 * figures of the first size come out of the first pipe, and so on.
 */
export function planSample(
  input: string,
  sample: Sample,
  { rungs, frameRate, fps }: Pick<LadderPlan, 'rungs' | 'frameRate' | 'fps'>,
  video: VideoStreamInfo,
  folder: string,
  threads?: number,
): string[] {
  const { filters } = preparePicture(video, frameRate);
  const encodes = rungs.flatMap((rung) => SAMPLE_CRFS.map((crf) => ({ rung, crf })));
  const heads = rungs.map((_, index) => `[r${String(index)}]`).join('');
  const scaled = rungs.map(({ width, height }, index) => {
    const outputs = SAMPLE_CRFS.map((_crf, at) => `[v${String(index * SAMPLE_CRFS.length + at)}]`).join('');
    const [rung, copies] = [String(index), String(SAMPLE_CRFS.length + 1)];
    return `[r${rung}]scale=${String(width)}:${String(height)},setsar=1,split=${copies}${outputs}[s${rung}]`;
  });
  const detail = detailFilters(rungs.length, uprightSize(video), fps);
  const split = [...filters, `split=${String(rungs.length + 1)}`].join(',');
  return [
    ...['-xerror', ...(sample.start > 0 ? ['-ss', String(sample.start)] : []), '-t', String(sample.seconds)],
    ...guardedInput(input),
    ...['-filter_complex', [`[0:V:0]${split}${heads}[film]`, ...scaled, ...detail.chains].join(';')],
    ...encodes.flatMap(({ rung, crf }, index) => [
      ...['-map', `[v${String(index)}]`, '-c:v', 'libx264', '-preset', 'veryfast', '-crf', String(crf)],
      ...['-pix_fmt', 'yuv420p', ...threadOptions(threads)],
      ...['-f', 'h264', outputFile(`${folder}/${sampleFile(rung.name, crf)}`)],
    ]),
    // Last, so that it is the pictures of an encode that are counted.
    ...[...detail.ends.flatMap((end) => ['-map', end]), '-f', 'null', '-'],
  ];
}

/** What the samples of a rung showed. */
export interface Sampled {
  /** What they took, in the order of `SAMPLE_CRFS`. */
  readonly kbps: readonly number[];
  readonly detail: Detail | null;
}

/** A rung as the samples have it. */
export interface ProbedRung {
  readonly name: string;
  readonly usualKbps: number;
  readonly measured: readonly { crf: number; kbps: number }[];
  readonly detail: Detail | null;
  readonly chosenKbps: number;
  readonly kept: boolean;
  readonly reason: string;
}

/** A rung while it is decided on. */
interface Candidate {
  readonly rung: PlannedRung;
  readonly sampled: Sampled;
  readonly chosenKbps: number;
}

/** Chooses bitrates by what the samples took, and leaves out what brings nothing. */
export function chooseByTitle(
  { rungs, fps }: Pick<LadderPlan, 'rungs' | 'fps'>,
  sampled: readonly Sampled[],
): { rungs: PlannedRung[]; probed: ProbedRung[] } {
  const candidates = rungs.map((rung, index): Candidate => {
    const own = sampled[index] ?? { kbps: [], detail: null };
    return { rung, sampled: own, chosenKbps: rung.isAsked ? rung.videoBitrateKbps : chooseKbps(rung, own) };
  });
  const large = tooLarge(candidates);
  const dropped = new Map([...large, ...tooClose(candidates.filter(({ rung }) => !large.has(rung.name)))]);
  return {
    rungs: candidates
      .filter(({ rung }) => !dropped.has(rung.name))
      .map(({ rung, chosenKbps }) => ({ ...rung, ...ratesOf(rung, fps, chosenKbps) })),
    probed: candidates.map(({ rung, sampled: { kbps, detail }, chosenKbps }) => ({
      name: rung.name,
      usualKbps: rung.videoBitrateKbps,
      measured: SAMPLE_CRFS.map((crf, at) => ({ crf, kbps: Math.round(kbps[at] ?? 0) })),
      detail,
      chosenKbps,
      kept: !dropped.has(rung.name),
      reason: dropped.get(rung.name) ?? reasonFor(rung),
    })),
  };
}

const reasonFor = ({ isAsked }: PlannedRung): string =>
  isAsked ? 'its bitrate was asked for' : `its samples take that much at crf ${String(WANTED_CRF)}`;

/** Those that show no more than the next smaller one that is kept, by name, with the reason. */
function tooLarge(candidates: readonly Candidate[]): Map<string, string> {
  const dropped = new Map<string, string>();
  const kept: Candidate[] = [];
  for (const candidate of candidates.toReversed()) {
    const { rung } = candidate;
    const below = kept.findLast((other) => pixelsOf(other.rung) < pixelsOf(rung));
    if (!rung.isAsked && below !== undefined && showsAll(below.sampled.detail) && hasBits(below)) {
      dropped.set(rung.name, `${below.rung.name} shows as much of it`);
    } else kept.push(candidate);
  }
  return dropped;
}

const pixelsOf = ({ width, height }: PlannedRung): number => width * height;

/** Whether a rung may have the bits to show what its size can. */
const hasBits = ({ rung, sampled }: Candidate): boolean =>
  wantedKbps(sampled) <= rung.videoBitrateKbps * (rung.isAsked ? 1 : MOST_SHARE);

/** Those that take nearly as much as the next larger one that is kept, by name, with the reason. */
function tooClose(candidates: readonly Candidate[]): Map<string, string> {
  const dropped = new Map<string, string>();
  let above: Candidate | undefined;
  for (const candidate of candidates) {
    const { rung, chosenKbps } = candidate;
    if (!rung.isAsked && above !== undefined && chosenKbps >= above.chosenKbps * NEARLY) {
      dropped.set(rung.name, `it would take nearly as much as ${above.rung.name}`);
    } else above = candidate;
  }
  return dropped;
}

/** Within what is usual, and a round number. */
function chooseKbps({ videoBitrateKbps: usual }: PlannedRung, sampled: Sampled): number {
  const within = Math.min(usual * MOST_SHARE, Math.max(usual * LEAST_SHARE, wantedKbps(sampled)));
  return Math.round(within / 10) * 10 || 10;
}

/** What the wanted quality takes. Each step of crf takes the same share off the bitrate. */
function wantedKbps({ kbps: [finer = 0, coarser = 0] }: Sampled): number {
  const [low, high] = SAMPLE_CRFS;
  const ratio = finer > 0 && coarser > 0 ? coarser / finer : 1;
  return finer * ratio ** ((WANTED_CRF - low) / (high - low));
}
