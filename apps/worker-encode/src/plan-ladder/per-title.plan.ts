import { guardedInput, outputFile, type MediaInfo } from '@reelay/media';
import { preparePicture } from '@reelay/media/plan';
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

/** A rendition that takes this share of what the next larger one takes saves nobody anything. */
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

/** The command that encodes a sample in every size at every quality, from one decode. */
export function planSample(
  input: string,
  sample: Sample,
  ladder: Pick<LadderPlan, 'rungs' | 'frameRate'>,
  media: MediaInfo,
  folder: string,
  threads?: number,
): string[] {
  const { rungs, frameRate } = ladder;
  const filters = media.video === null ? [] : preparePicture(media.video, frameRate).filters;
  const encodes = rungs.flatMap((rung) => SAMPLE_CRFS.map((crf) => ({ rung, crf })));
  const heads = rungs.map((_, index) => `[r${String(index)}]`).join('');
  const scaled = rungs.map(({ width, height }, index) => {
    const outputs = SAMPLE_CRFS.map((_crf, at) => `[v${String(index * SAMPLE_CRFS.length + at)}]`).join('');
    return `[r${String(index)}]scale=${String(width)}:${String(height)},setsar=1,split=${String(SAMPLE_CRFS.length)}${outputs}`;
  });
  return [
    ...['-xerror', ...(sample.start > 0 ? ['-ss', String(sample.start)] : []), '-t', String(sample.seconds)],
    ...guardedInput(input),
    ...[
      '-filter_complex',
      [`[0:V:0]${[...filters, `split=${String(rungs.length)}`].join(',')}${heads}`, ...scaled].join(';'),
    ],
    ...encodes.flatMap(({ rung, crf }, index) => [
      ...['-map', `[v${String(index)}]`, '-c:v', 'libx264', '-preset', 'veryfast', '-crf', String(crf)],
      ...['-pix_fmt', 'yuv420p', ...(threads === undefined ? [] : ['-threads', String(threads)])],
      ...['-f', 'h264', outputFile(`${folder}/${sampleFile(rung.name, crf)}`)],
    ]),
  ];
}

/** What the samples of a rung took, in kbit/s, in the order of `SAMPLE_CRFS`. */
export type Measured = readonly number[];

/** A rung as the samples have it. */
export interface ProbedRung {
  readonly name: string;
  readonly usualKbps: number;
  readonly measured: readonly { crf: number; kbps: number }[];
  readonly chosenKbps: number;
  readonly kept: boolean;
  readonly reason: string;
}

/** Chooses bitrates by what the samples took, and leaves out what brings nothing. */
export function chooseByTitle(
  { rungs, fps }: Pick<LadderPlan, 'rungs' | 'fps'>,
  measured: readonly Measured[],
): { rungs: PlannedRung[]; probed: ProbedRung[] } {
  const kept: PlannedRung[] = [];
  const probed = rungs.map((rung, index): ProbedRung => {
    const took = measured[index] ?? [];
    const chosenKbps = rung.isAsked ? rung.videoBitrateKbps : chooseKbps(took, rung.videoBitrateKbps);
    const above = kept.at(-1);
    const isNearly = !rung.isAsked && above !== undefined && chosenKbps >= above.videoBitrateKbps * NEARLY;
    if (!isNearly) kept.push({ ...rung, ...ratesOf(rung, fps, chosenKbps) });
    return {
      name: rung.name,
      usualKbps: rung.videoBitrateKbps,
      measured: SAMPLE_CRFS.map((crf, at) => ({ crf, kbps: Math.round(took[at] ?? 0) })),
      chosenKbps,
      kept: !isNearly,
      reason: rung.isAsked
        ? 'its bitrate was asked for'
        : isNearly
          ? `it would take nearly as much as ${above.name}`
          : `its samples take that much at crf ${String(WANTED_CRF)}`,
    };
  });
  return { rungs: kept, probed };
}

/** Each step of crf takes the same share off the bitrate. */
function chooseKbps(measured: Measured, usual: number): number {
  const [finer = 0, coarser = 0] = measured;
  const [low, high] = SAMPLE_CRFS;
  const ratio = finer > 0 && coarser > 0 ? coarser / finer : 1;
  const wanted = finer * ratio ** ((WANTED_CRF - low) / (high - low));
  return Math.round(Math.min(usual * MOST_SHARE, Math.max(usual * LEAST_SHARE, wanted)) / 10) * 10 || 10;
}
