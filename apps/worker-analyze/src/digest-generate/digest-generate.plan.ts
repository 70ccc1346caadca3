import type { digestGenerate, ParametersOf } from '@reelay/contracts';
import { framesIn } from '@reelay/media/plan';
import { Liveliness } from '../analysis/liveliness.js';
import type { Analysis } from '../analysis/measure-reader.js';
import { scenesOf } from '../analysis/scenes.plan.js';
import type { FrameSpan, Selection } from '../reel/selection.js';

/** Nothing shorter is taken by itself, in seconds: it would be a flash. */
const LEAST_SECONDS = 1;

type Settings = Pick<ParametersOf<typeof digestGenerate>, 'targetLength' | 'includeHighlights' | 'segmentSeconds'>;

/**
 * Chooses what a digest shows: the liveliest parts of scenes, or parts taken evenly, up to the target length, in the
 * order of the film. Parts that follow each other become one. The same film and settings give the same choice.
 */
export function chooseSegments(analysis: Analysis, settings: Settings, fps: number): Selection {
  const all = framesIn(analysis.durationSeconds, fps);
  const target = framesIn(settings.targetLength, fps);
  if (all <= target) return { spans: [{ from: 0, to: all }], whole: true };
  const parts = partsOf(analysis, framesIn(settings.segmentSeconds, fps), fps, all);
  const ranked = settings.includeHighlights ? byLiveliness(parts, analysis, fps) : evenly(parts, target);
  return { spans: joined(fill(ranked, target, framesIn(LEAST_SECONDS, fps))), whole: false };
}

/** Each scene in equal parts that are no longer than a segment. */
function partsOf(analysis: Analysis, segment: number, fps: number, all: number): FrameSpan[] {
  const scenes = scenesOf(analysis, { minSceneSeconds: LEAST_SECONDS });
  return scenes.flatMap(({ start }, index) => {
    const from = Math.round(start * fps);
    const to = Math.min(all, Math.round((scenes[index + 1]?.start ?? Infinity) * fps));
    const count = Math.max(1, Math.ceil((to - from) / segment));
    const edge = (part: number): number => from + Math.round(((to - from) * part) / count);
    return Array.from({ length: count }, (_, part) => ({ from: edge(part), to: edge(part + 1) }));
  });
}

function byLiveliness(parts: readonly FrameSpan[], analysis: Analysis, fps: number): FrameSpan[] {
  const liveliness = new Liveliness(analysis);
  return parts
    .map((part) => ({ part, score: liveliness.of(part.from / fps, part.to / fps).score }))
    .sort((a, b) => b.score - a.score || a.part.from - b.part.from)
    .map(({ part }) => part);
}

/** As many as fill the target at even distances first, then the others. */
function evenly(parts: readonly FrameSpan[], target: number): FrameSpan[] {
  const all = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const count = Math.min(parts.length, Math.max(1, Math.ceil((target * parts.length) / all)));
  const picked = new Set(Array.from({ length: count }, (_, pick) => Math.floor(((pick + 0.5) * parts.length) / count)));
  return [...parts.filter((_, index) => picked.has(index)), ...parts.filter((_, index) => !picked.has(index))];
}

/** Takes parts in their rank. The last one is cut to what is left, and only where it is no flash. */
function fill(ranked: readonly FrameSpan[], target: number, least: number): FrameSpan[] {
  const taken: FrameSpan[] = [];
  let left = target;
  for (const part of ranked) {
    if (left === 0) break;
    const frames = Math.min(left, part.to - part.from);
    const leadsOn = taken.some(({ from }) => from === part.to);
    const follows = taken.some(({ to }) => to === part.from);
    if (frames < least && taken.length > 0 && !leadsOn && !follows) continue;
    taken.push(
      leadsOn && !follows ? { from: part.to - frames, to: part.to } : { from: part.from, to: part.from + frames },
    );
    left -= frames;
  }
  return taken;
}

function joined(spans: readonly FrameSpan[]): FrameSpan[] {
  const inOrder = spans.toSorted((a, b) => a.from - b.from);
  return inOrder.reduce<FrameSpan[]>((all, span) => {
    const before = all.at(-1);
    if (before?.to !== span.from) return [...all, span];
    return [...all.slice(0, -1), { from: before.from, to: span.to }];
  }, []);
}
