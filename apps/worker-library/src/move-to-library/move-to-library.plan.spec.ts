import { expect, it } from 'vitest';
import { moveTarget } from './move-to-library.plan.js';

it.each([
  ['a name that is asked for', 'inbox/a.mp4', 'videos', 'b.mkv', { kind: 'path', path: 'videos/b.mkv' }],
  [
    'its own name, or one beside it',
    'inbox/x/a.b.mp4',
    'videos',
    undefined,
    { kind: 'free', name: { directory: 'videos', base: 'a.b', extension: 'mp4' } },
  ],
  ['its own name, where it has no extension', 'inbox/raw', 'videos', undefined, { kind: 'path', path: 'videos/raw' }],
  ['nowhere, where it is there', 'videos/a.mp4', 'videos', undefined, { kind: 'same' }],
  ['nowhere, where it is there by the name that is asked for', 'videos/a.mp4', 'videos', 'a.mp4', { kind: 'same' }],
  ['another name in its folder', 'videos/a.mp4', 'videos', 'b.mp4', { kind: 'path', path: 'videos/b.mp4' }],
  [
    'the folder itself, out of one below it',
    'videos/x/a.mp4',
    'videos',
    undefined,
    { kind: 'free', name: { directory: 'videos', base: 'a', extension: 'mp4' } },
  ],
] as const)('goes to %s', (_, from, directory, name, target) => {
  expect(moveTarget(from, directory, name)).toEqual(target);
});
