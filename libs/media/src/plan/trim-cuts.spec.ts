import { describe, expect, it } from 'vitest';
import type { PicturePacket } from '../pictures.js';
import { cutAtKeys, cutExactly, shortestFrame } from './trim-cuts.js';

/** Pictures in the order of decoding, from text such as `K0 2 1`: tenths of a second, K before a key picture. */
const film = (text: string): PicturePacket[] =>
  text.split(' ').map((word) => ({
    seconds: Number(word.replace('K', '')) / 10,
    durationSeconds: 0.1,
    isKey: word.startsWith('K'),
  }));

const closed = film('K0 2 1 3 K4 6 5 7 K8 10 9 11');
/** Picture 3 comes after key picture 4, which it refers to. */
const open = film('K0 2 1 K4 3 6 5 7 K8 10 9 11');

describe('cutAtKeys', () => {
  it.each([
    ['starts at the key picture before', { start: 0.5, end: 0.8 }, { from: 0.4, to: 0.8, frames: 4, key: 0.4 }],
    ['starts at a key picture', { start: 0.4, end: 0.8 }, { from: 0.4, to: 0.8, frames: 4, key: 0.4 }],
    ['ends where no picture is missing', { start: 0, end: 0.6 }, { from: 0, to: 0.7, frames: 7, key: 0 }],
    ['ends with the film', { start: 0.9, end: 5 }, { from: 0.8, to: 1.2, frames: 4, key: 0.8 }],
  ])('%s', (_, range, span) => {
    const cut = cutAtKeys(closed, range);
    expect({ ...cut, to: Number(cut?.to.toFixed(3)) }).toEqual(span);
  });

  it('finds nothing where there is no key picture', () => {
    expect(cutAtKeys(film('0 1 2'), { start: 0, end: 1 })).toBeNull();
  });
});

describe('cutExactly', () => {
  const frames = (range: { start: number; end: number }, pictures = closed): (number | undefined)[] => {
    const cut = cutExactly(pictures, range);
    return cut === null ? [] : [cut.head?.frames, cut.middle.frames, cut.tail?.frames];
  };

  it.each([
    ['both edges are encoded', { start: 0.2, end: 0.9 }, [2, 4, 1]],
    ['a start at a key picture needs no head', { start: 0.4, end: 0.9 }, [undefined, 4, 1]],
    ['an end at a key picture needs no tail', { start: 0.3, end: 0.8 }, [1, 4, undefined]],
    ['the end of the film needs no tail', { start: 0.3, end: 1.2 }, [1, 8, undefined]],
    ['a range within a group has no middle', { start: 0.5, end: 0.7 }, []],
    ['a range across one key picture has no middle', { start: 0.3, end: 0.6 }, []],
  ])('%s', (_, range, expected) => {
    expect(frames(range)).toEqual(expected);
  });

  it('does not start or end a copy at a key picture that others reach across', () => {
    expect(frames({ start: 0.2, end: 1.1 }, open)).toEqual([]);
    expect(frames({ start: 0.1, end: 1.2 }, open)).toEqual([7, 4, undefined]);
  });

  it('tells from which key picture each part is decoded', () => {
    const cut = cutExactly(closed, { start: 0.2, end: 0.9 });
    expect([cut?.head?.key, cut?.middle.key, cut?.tail?.key]).toEqual([0, 0.4, 0.8]);
  });
});

it('the shortest time between two pictures is found in any order', () => {
  expect(shortestFrame(film('K0 4 2 3'))).toBeCloseTo(0.04);
  expect(shortestFrame(film('K0'))).toBe(0.04);
});
