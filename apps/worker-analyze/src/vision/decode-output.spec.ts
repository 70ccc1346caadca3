import { describe, expect, it } from 'vitest';
import { decodeOutput } from './decode-output.js';
import type { ModelFiles } from './model-description.js';

const model = {
  name: 'a model',
  labels: ['person', 'dog'],
  input: { width: 200, height: 100, scale: 1, offset: 0 },
  output: { format: 'boxes', tensor: 'out', unit: 'pixel' },
} as const satisfies Omit<ModelFiles, 'modelPath'>;

describe('the format boxes', () => {
  it('has a row for each thing', () => {
    expect(decodeOutput([10, 20, 30, 60, 0.75, 1, 0, 0, 4, 4, 0.5, 0], model)).toEqual([
      { label: 'dog', confidence: 0.75, box: { x: 10, y: 20, width: 20, height: 40 } },
      { label: 'person', confidence: 0.5, box: { x: 0, y: 0, width: 4, height: 4 } },
    ]);
  });

  it('may give edges as shares of the input', () => {
    const shares = { ...model, output: { ...model.output, unit: 'share' } } as const;
    expect(decodeOutput([0.5, 0.25, 0.75, 0.5, 1, 0], shares)).toEqual([
      { label: 'person', confidence: 1, box: { x: 100, y: 25, width: 50, height: 25 } },
    ]);
  });

  it.each([
    ['a number without a label', [0, 0, 1, 1, 0.9, 2]],
    ['a number below all labels', [0, 0, 1, 1, 0.9, -1]],
    ['hardly any confidence', [0, 0, 1, 1, 0.04, 0]],
    ['a confidence that is no number', [0, 0, 1, 1, Number.NaN, 0]],
  ])('drops rows with %s', (_, row) => {
    expect(decodeOutput(row, model)).toEqual([]);
  });

  it('is refused where the numbers are no rows', () => {
    expect(() => decodeOutput([1, 2, 3, 4], model)).toThrow('4 numbers, which are no rows of 6');
  });
});

describe('the format scores', () => {
  const classifier = { ...model, output: { format: 'scores', tensor: 'out' } } as const;

  it('has a number for each label, for the whole picture', () => {
    expect(decodeOutput([0.01, 1.2], classifier)).toEqual([{ label: 'dog', confidence: 1, box: null }]);
  });

  it('is refused where there are more or fewer numbers than labels', () => {
    expect(() => decodeOutput([0.1, 0.2, 0.7], classifier)).toThrow('3 numbers for 2 labels');
  });
});
