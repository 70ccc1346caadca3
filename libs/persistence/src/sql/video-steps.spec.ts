import type { VideoChange } from '@reelay/contracts';
import { expect, it } from 'vitest';
import { videoSteps } from './video-steps.js';

const steps = (...changes: VideoChange[]) =>
  videoSteps(changes.map((change, n) => ({ jobId: `job-${String(n)}`, change })));

it('puts all that is said of one path together; what is said later counts', () => {
  expect(
    steps(
      { path: 'a', valid: false, invalidReason: 'broken', thumbnailPath: 't1' },
      { path: 'b', derivedFrom: 'a', valid: undefined },
      { path: 'a', reencoded: true, thumbnailPath: 't2' },
      { path: 'a', valid: true, thumbnailPath: undefined },
    ),
  ).toEqual([
    {
      moves: [],
      fields: [
        { path: 'a', valid: true, invalidReason: null, thumbnailPath: 't2', reencodeJobId: 'job-2' },
        { path: 'b', derivedFrom: 'a' },
      ],
    },
  ]);
});

it('moves many rows in one step, and writes to their new paths', () => {
  expect(steps({ path: 'a', movedTo: 'v/a' }, { path: 'b', movedTo: 'v/b', valid: true })).toEqual([
    {
      moves: [
        { from: 'a', to: 'v/a' },
        { from: 'b', to: 'v/b' },
      ],
      fields: [{ path: 'v/a' }, { path: 'v/b', valid: true, invalidReason: null }],
    },
  ]);
});

it('takes another step where the order matters', () => {
  expect(steps({ path: 'a', thumbnailPath: 't' }, { path: 'a', movedTo: 'b' }, { path: 'b', movedTo: 'c' })).toEqual([
    { moves: [], fields: [{ path: 'a', thumbnailPath: 't' }] },
    { moves: [{ from: 'a', to: 'b' }], fields: [{ path: 'b' }] },
    { moves: [{ from: 'b', to: 'c' }], fields: [{ path: 'c' }] },
  ]);
  expect(steps({ path: 'x', derivedFrom: 'a' }, { path: 'a', movedTo: 'b' })).toHaveLength(2);
});

it('takes a move to where it is for none', () => {
  expect(steps({ path: 'a', movedTo: 'a' })).toEqual([{ moves: [], fields: [{ path: 'a' }] }]);
});
