import { expect, it } from 'vitest';
import { rawFrames } from './raw-frames.js';

async function* chunks(sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let next = 0;
  for (const size of sizes) yield await Promise.resolve(Uint8Array.from({ length: size }, () => next++));
}

async function framesOf(sizes: readonly number[]): Promise<number[][]> {
  const frames: number[][] = [];
  for await (const frame of rawFrames(chunks(sizes), 4)) frames.push([...frame]);
  return frames;
}

it.each([
  ['as they are', [4, 4]],
  ['in pieces', [1, 2, 3, 2]],
  ['all at once', [8]],
  ['across frames', [3, 5]],
  ['with empty pieces', [0, 4, 0, 4, 0]],
  ['with a part of a third one', [6, 5]],
])('finds two frames that come %s', async (_, sizes) => {
  expect(await framesOf(sizes)).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ]);
});

it('finds none in less than a frame', async () => {
  expect(await framesOf([3])).toEqual([]);
});

it('reads nothing ahead of what is asked for', async () => {
  let read = 0;
  const source = (async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      read += 1;
      yield await Promise.resolve(new Uint8Array(4));
    }
  })();
  const frames = rawFrames(source, 4);
  await frames.next();
  await frames.next();
  expect(read).toBe(2);
  await frames.return(undefined);
});

it('gives each frame bytes of its own, which may be handed over', async () => {
  const seen: number[][] = [];
  for await (const frame of rawFrames(chunks([8]), 4)) {
    seen.push([...frame]);
    structuredClone(frame, { transfer: [frame.buffer] });
    expect(frame).toHaveLength(0);
  }
  expect(seen).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ]);
});
