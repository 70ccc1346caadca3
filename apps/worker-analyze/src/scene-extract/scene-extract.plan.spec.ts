import { expect, it } from 'vitest';
import { pictureTime } from './scene-extract.plan.js';

it.each([
  [{ start: 2, end: 6 }, 3.96],
  [{ start: 0, end: 0.04 }, 0],
  [{ start: 5, end: 5.08 }, 5],
])('the picture of scene %j is taken at %d s, and there is one', (scene, time) => {
  expect(pictureTime(scene, 0.04)).toBeCloseTo(time, 6);
});
