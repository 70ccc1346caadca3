import { describe, expect, it } from 'vitest';
import { letterbox } from '../vision/letterbox.js';
import type { Detection } from '../vision/vision-model.js';
import { toTags, unknownLabels } from './tags.js';

const box = letterbox({ width: 1280, height: 720 }, { width: 512, height: 512 });
const rules = { minConfidence: 0.4, maxTags: 20 };
const seen = (label: string, confidence: number, y = 200): Detection => ({
  label,
  confidence,
  box: { x: 100, y, width: 20, height: 20 },
});

describe('toTags', () => {
  it('keeps of each label the best confidence and the times at which it was seen well enough', () => {
    const looks = [
      { seconds: 1, detections: [seen('person', 0.5), seen('person', 0.62349), seen('dog', 0.39)] },
      { seconds: 3, detections: [] },
      { seconds: 5, detections: [seen('person', 0.4), seen('dog', 0.7)] },
    ];
    expect(toTags(looks, rules, box)).toEqual([
      { tag: 'dog', confidence: 0.7, times: [5] },
      { tag: 'person', confidence: 0.623, times: [1, 5] },
    ]);
  });

  it('names first what was seen more often, where the model is equally sure', () => {
    const looks = [
      { seconds: 1, detections: [seen('cat', 0.5), seen('dog', 0.5)] },
      { seconds: 2, detections: [seen('dog', 0.5), seen('bird', 0.5)] },
    ];
    expect(toTags(looks, rules, box).map(({ tag }) => tag)).toEqual(['dog', 'bird', 'cat']);
  });

  it('keeps the surest ones where there are too many', () => {
    const looks = [{ seconds: 1, detections: [seen('cat', 0.5), seen('dog', 0.9), seen('bird', 0.6)] }];
    expect(toTags(looks, { ...rules, maxTags: 2 }, box).map(({ tag }) => tag)).toEqual(['dog', 'bird']);
  });

  it('keeps only the labels that were asked for', () => {
    const looks = [{ seconds: 1, detections: [seen('cat', 0.5), seen('dog', 0.9)] }];
    expect(toTags(looks, { ...rules, labels: ['cat'] }, box).map(({ tag }) => tag)).toEqual(['cat']);
  });

  it('takes nothing that is seen in the bars, and all that is said of the whole picture', () => {
    const whole = { label: 'beach', confidence: 0.8, box: null };
    const looks = [{ seconds: 1, detections: [seen('tv', 0.9, 20), seen('tv', 0.9, 480), whole] }];
    expect(toTags(looks, rules, box)).toEqual([{ tag: 'beach', confidence: 0.8, times: [1] }]);
  });

  it('finds nothing in nothing', () => {
    expect(toTags([{ seconds: 1, detections: [] }], rules, box)).toEqual([]);
  });
});

describe('unknownLabels', () => {
  it('are those that the model has no name for', () => {
    expect(unknownLabels(['person', 'unicorn'], ['person', 'dog'])).toEqual(['unicorn']);
    expect(unknownLabels(undefined, ['person'])).toEqual([]);
  });
});
