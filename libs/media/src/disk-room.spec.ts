import { describe, expect, it } from 'vitest';
import { expectedBytes, lackOfRoom } from './disk-room.js';

const MB = 1_000_000;

describe('whether a run may write to a disk', () => {
  it.each([
    [{ freeBytes: 600 * MB, expectedBytes: 100 * MB, reserveBytes: 500 * MB }, null],
    [{ freeBytes: 10, expectedBytes: 0, reserveBytes: 0 }, null],
    [
      { freeBytes: 599 * MB, expectedBytes: 100 * MB, reserveBytes: 500 * MB },
      'the disk has 599 MB free, and about 100 MB for the output and 500 MB that must stay free (MIN_FREE_DISK_MB) are needed',
    ],
    [
      { freeBytes: 5 * MB, expectedBytes: 0, reserveBytes: 10 * MB },
      'the disk has 5 MB free, and 10 MB that must stay free (MIN_FREE_DISK_MB) are needed',
    ],
    [
      { freeBytes: 5 * MB, expectedBytes: 10 * MB, reserveBytes: 0 },
      'the disk has 5 MB free, and about 10 MB for the output are needed',
    ],
  ])('%j: %s', (room, answer) => {
    expect(lackOfRoom(room)).toBe(answer);
  });
});

describe('the size that is expected of an output', () => {
  it.each([
    [{ seconds: 10, kbps: 800, inputBytes: 50 * MB }, MB],
    [{ seconds: 1000, kbps: 8000, inputBytes: 50 * MB }, 50 * MB],
    [{ seconds: null, kbps: 8000, inputBytes: 50 * MB }, 50 * MB],
    [{ seconds: 10, kbps: null, inputBytes: null }, 0],
  ])('%j: %d', (facts, bytes) => {
    expect(expectedBytes(facts)).toBe(bytes);
  });
});
