import type { VideoTags } from '@reelay/contracts';
import { isInPicture, type Letterbox } from '../vision/letterbox.js';
import type { Detection } from '../vision/vision-model.js';

/** What a model saw in the picture that is shown at a time, in seconds. */
export interface LookedAt {
  readonly seconds: number;
  readonly detections: readonly Detection[];
}

/** What becomes a tag. */
export interface TagRules {
  readonly minConfidence: number;
  readonly maxTags: number;
  /** Left out, all labels. */
  readonly labels?: readonly string[] | undefined;
}

/** Makes tags of what was seen: each with the confidence of the picture in which it was seen best, the surest first. */
export function toTags(looks: readonly LookedAt[], rules: TagRules, box: Letterbox): VideoTags['items'] {
  const tags = new Map<string, { confidence: number; times: Set<number> }>();
  for (const { seconds, detections } of looks) {
    for (const { label, confidence } of detections.filter((detection) => counts(detection, rules, box))) {
      const tag = tags.get(label) ?? { confidence: 0, times: new Set() };
      tag.confidence = Math.max(tag.confidence, confidence);
      tag.times.add(seconds);
      tags.set(label, tag);
    }
  }
  return [...tags]
    .map(([tag, { confidence, times }]) => ({
      tag,
      confidence: Math.round(confidence * 1000) / 1000,
      times: [...times],
    }))
    .sort((a, b) => b.confidence - a.confidence || b.times.length - a.times.length || a.tag.localeCompare(b.tag))
    .slice(0, rules.maxTags);
}

function counts({ label, confidence, box }: Detection, rules: TagRules, picture: Letterbox): boolean {
  if (confidence < rules.minConfidence) return false;
  if (rules.labels !== undefined && !rules.labels.includes(label)) return false;
  return box === null || isInPicture(box, picture);
}

/** Those of the asked labels that a model does not know. */
export function unknownLabels(asked: readonly string[] | undefined, known: readonly string[]): string[] {
  return (asked ?? []).filter((label) => !known.includes(label));
}
