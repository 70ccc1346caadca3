import { guardedInput } from '@reelay/media';
import { expect, it } from 'vitest';
import { planCount } from './probe.plan.js';

it('counts the pictures that are there, not those that a constant rate would make', () => {
  const guards = guardedInput('/media/in.mp4').join(' ');
  expect(planCount('/media/in.mp4').join(' ')).toBe(`${guards} -map 0:V:0 -fps_mode passthrough -f null -`);
});
