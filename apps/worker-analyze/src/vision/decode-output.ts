import type { ModelFiles } from './model-description.js';
import type { Detection } from './vision-model.js';

/** Numbers of a row of the format `boxes`: left, top, right, bottom, confidence, label's number. */
const ROW_LENGTH = 6;

/** What is seen with less confidence than this is noise to every model, and is not handed on. */
const LEAST_CONFIDENCE = 0.05;

/**
 * Reads what a model gave for one picture.
 * @param values the output tensor's numbers, row by row
 * @throws {RangeError} when there are not as many as the model's description lets one expect
 */
export function decodeOutput(values: ArrayLike<number>, model: Omit<ModelFiles, 'modelPath'>): Detection[] {
  const detections = model.output.format === 'boxes' ? decodeBoxes(values, model) : decodeScores(values, model);
  return detections.filter(({ confidence }) => confidence >= LEAST_CONFIDENCE);
}

function decodeBoxes(values: ArrayLike<number>, { labels, input, output }: Omit<ModelFiles, 'modelPath'>): Detection[] {
  if (values.length % ROW_LENGTH !== 0) {
    throw new RangeError(`the output has ${String(values.length)} numbers, which are no rows of ${String(ROW_LENGTH)}`);
  }
  const inShares = output.format === 'boxes' && output.unit === 'share';
  const [across, down] = inShares ? [input.width, input.height] : [1, 1];
  return Array.from({ length: values.length / ROW_LENGTH }, (_, row) => {
    const [left = 0, top = 0, right = 0, bottom = 0, confidence = 0, number = -1] = Array.from(
      { length: ROW_LENGTH },
      (__, column) => values[row * ROW_LENGTH + column] ?? 0,
    );
    return {
      label: labels[Math.round(number)],
      confidence: bounded(confidence),
      box: { x: left * across, y: top * down, width: (right - left) * across, height: (bottom - top) * down },
    };
  }).filter(isNamed);
}

function decodeScores(values: ArrayLike<number>, { labels }: Omit<ModelFiles, 'modelPath'>): Detection[] {
  if (values.length !== labels.length) {
    throw new RangeError(`the output has ${String(values.length)} numbers for ${String(labels.length)} labels`);
  }
  return labels.map((label, index) => ({ label, confidence: bounded(values[index] ?? 0), box: null }));
}

/** Rows that stand for nothing have a number that no label has. */
const isNamed = <T extends { label: string | undefined }>(row: T): row is T & { label: string } =>
  row.label !== undefined;

/** Numbers that are none count as nothing seen. */
const bounded = (confidence: number): number => (confidence > 0 ? Math.min(1, confidence) : 0);
