/**
 * One number beside what it is measured against, in the same run.
 * @typedef {object} Figure
 * @property {string} bench
 * @property {string} figure
 * @property {string} unit
 * @property {number} value
 * @property {number} reference
 * @property {string} of what the reference is
 * @property {number} ratio value by reference
 * @property {Limit} [limit] what is promised of the ratio
 * @property {boolean} [kept] whether the promise is kept
 *
 * @typedef {{ atMost: number } | { atLeast: number }} Limit
 */

/**
 * @param {Omit<Figure, 'ratio' | 'kept'> & Record<string, unknown>} facts
 * @returns {Figure}
 */
export function figure({ bench, figure, unit, value, reference, of, limit, ...more }) {
  const ratio = value / reference;
  const facts = { bench, figure, unit, value: round(value), reference: round(reference), of, ratio: round(ratio) };
  if (!limit) return { ...facts, ...more };
  return { ...facts, limit, kept: 'atMost' in limit ? ratio <= limit.atMost : ratio >= limit.atLeast, ...more };
}

/** @param {readonly number[]} samples */
export function percentiles(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** @param {number} value */
const round = (value) => Math.round(value * 100) / 100;
