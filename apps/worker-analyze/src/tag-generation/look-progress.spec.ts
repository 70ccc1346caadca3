import { expect, it } from 'vitest';
import { secondsLeft } from './look-progress.js';

it.each([
  [1, 4, 2_000, 6],
  [3, 4, 3_100, 2],
  [4, 4, 9_000, 0],
  [5, 4, 9_000, 0],
])('after %d of %d pictures in %d ms, %d s are left', (done, all, workedMs, seconds) => {
  expect(secondsLeft(done, all, workedMs)).toBe(seconds);
});
