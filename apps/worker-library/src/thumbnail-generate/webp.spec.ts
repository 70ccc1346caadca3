import { expect, it } from 'vitest';
import { readWebp } from './webp.js';

const chunk = (kind: string, data: readonly number[]): Buffer => {
  const header = Buffer.alloc(8);
  header.write(kind, 'latin1');
  header.writeUInt32LE(data.length, 4);
  return Buffer.concat([header, Buffer.from(data), Buffer.alloc(data.length % 2)]);
};
const webp = (...chunks: readonly Buffer[]): Buffer => {
  const body = Buffer.concat([Buffer.from('WEBP'), ...chunks]);
  return Buffer.concat([chunk('RIFF', []).subarray(0, 4), Buffer.from(Uint32Array.of(body.length).buffer), body]);
};
const picture = (milliseconds: number): Buffer =>
  chunk('ANMF', [...new Array<number>(12).fill(0), milliseconds & 255, milliseconds >> 8, 0, 0, 1]);
const extended = chunk('VP8X', [2, 0, 0, 0, 63, 1, 0, 179, 0, 0]);

it('an animation tells its size, how long it lasts, and how often it is played', () => {
  const animation = webp(extended, chunk('ANIM', [0, 0, 0, 0, 3, 0]), picture(100), picture(900));
  expect(readWebp(animation)).toEqual({ width: 320, height: 180, frames: 2, durationSeconds: 1, loops: 3 });
  expect(readWebp(animation.subarray(0, -1))).toBeNull();
  expect(readWebp(webp(extended))).toBeNull();
});

it('a still picture tells its size, in both ways of storing it', () => {
  const still = { frames: 0, durationSeconds: 0, loops: 0 };
  const lossy = chunk('VP8 ', [0, 0, 0, 0x9d, 1, 0x2a, 64, 1, 180, 0]);
  expect(readWebp(webp(lossy))).toEqual({ width: 320, height: 180, ...still });
  const lossless = chunk('VP8L', [0x2f, 63, 193, 44, 0, 0, 0, 0, 0, 0]);
  expect(readWebp(webp(lossless))).toEqual({ width: 320, height: 180, ...still });
});

it.each(['', 'RIFF', 'no picture at all', 'RIFF\u0004\0\0\0WAVE'])('%j is none', (text) => {
  expect(readWebp(Buffer.from(text))).toBeNull();
});
