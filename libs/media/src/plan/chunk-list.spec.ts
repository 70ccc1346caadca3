import { describe, expect, it } from 'vitest';
import type { PicturePacket } from '../pictures.js';
import { filmPictures, listChunks, picturesFault } from './chunk-list.js';

const picture = (seconds: number, more: Partial<PicturePacket> = {}): PicturePacket => ({
  ...{ seconds, durationSeconds: 0.5, isKey: false },
  ...more,
});
const key = (seconds: number): PicturePacket => picture(seconds, { isKey: true });

/** A film with two pictures a second, and a key picture at each of these seconds. */
const film = (seconds: number, ...keys: number[]) =>
  filmPictures(Array.from({ length: seconds * 2 }, (_, at) => picture(at / 2, { isKey: keys.includes(at / 2) })));
const chunksOf = (of: ReturnType<typeof film>, chunkSeconds: number, most = 1000) =>
  listChunks(of, { chunkSeconds, most }).map(({ startSeconds, endSeconds, startFrame, frames }) => [
    startSeconds,
    endSeconds,
    startFrame,
    frames,
  ]);

describe('the pictures of a film', () => {
  it('are in the order in which they are shown, and the last one is known by its place in the file', () => {
    expect(filmPictures([key(0), picture(1.5), picture(0.5), picture(1)])).toEqual({
      ...{ times: [0, 0.5, 1, 1.5], keys: [0], endSeconds: 2, lastDecoded: 1 },
    });
  });

  it('are those that can be decoded and that the edit list shows', () => {
    const hidden = picture(0.2, { isHidden: true });
    expect(filmPictures([picture(0), key(0.5), hidden, picture(1)]).times).toEqual([0.5, 1]);
  });

  it('are none of an empty file', () => {
    expect(filmPictures([])).toEqual({ times: [], keys: [], endSeconds: 0, lastDecoded: 0 });
    expect(chunksOf(filmPictures([]), 4)).toEqual([]);
  });

  it('last as long as the shortest where nothing says how long', () => {
    const untold = { durationSeconds: null };
    expect(filmPictures([key(0), picture(0.02, untold), picture(0.06, untold)]).endSeconds).toBeCloseTo(0.08);
  });
});

describe('the chunks of a film', () => {
  it.each([
    ['start at the first key picture that is far enough', film(12, 0, 2, 4, 6, 8, 10), 4, 1000],
    ['start at key pictures only', film(12, 0, 5), 4, 1000],
    ['are one where there are no key pictures', film(12, 0), 4, 1000],
    ['do not end with a tiny one', film(13, 0, 4, 8, 12), 4, 1000],
    ['are longer where there would be too many', film(12, 0, 2, 4, 6, 8, 10), 2, 3],
  ])('%s', (what, of, chunkSeconds, most) => {
    expect(chunksOf(of, chunkSeconds, most)).toEqual(
      {
        'start at the first key picture that is far enough': [
          [0, 4, 0, 8],
          [4, 8, 8, 8],
          [8, 12, 16, 8],
        ],
        'start at key pictures only': [
          [0, 5, 0, 10],
          [5, 12, 10, 14],
        ],
        'are one where there are no key pictures': [[0, 12, 0, 24]],
        'do not end with a tiny one': [
          [0, 4, 0, 8],
          [4, 8, 8, 8],
          [8, 13, 16, 10],
        ],
        'are longer where there would be too many': [
          [0, 4, 0, 8],
          [4, 8, 8, 8],
          [8, 12, 16, 8],
        ],
      }[what],
    );
  });

  it('give the pictures that an open group shows before its key picture to the chunk before', () => {
    const pictures = [key(0), picture(0.5), key(3), picture(2), picture(2.5), picture(3.5)];
    expect(chunksOf(filmPictures(pictures), 2)).toEqual([
      [0, 3, 0, 4],
      [3, 4, 4, 2],
    ]);
  });
});

describe('what is wrong with the pictures of an output', () => {
  it.each([
    [[0, 0.04, 0.08], [1, 1.04, 1.0801], null],
    [[0, 0.04], [0, 0.04, 0.08], 'it has 2 pictures, not 3'],
    [[0, 0.04, 0.09], [0, 0.04, 0.08], 'its picture 3 is shown at 0.090 s, not at 0.080 s'],
  ])('%j for %j: %s', (found, wanted, fault) => {
    expect(picturesFault(found, wanted)).toBe(fault);
  });
});
