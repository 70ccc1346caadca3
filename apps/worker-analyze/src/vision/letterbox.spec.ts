import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInPicture, letterbox, letterboxFilters } from './letterbox.js';

const target = { width: 512, height: 512 };

describe('letterbox', () => {
  it.each([
    ['wide', { width: 1280, height: 720 }, { x: 0, y: 112, width: 512, height: 288 }],
    ['upright', { width: 1080, height: 1920 }, { x: 112, y: 0, width: 288, height: 512 }],
    ['square', { width: 64, height: 64 }, { x: 0, y: 0, width: 512, height: 512 }],
    ['flat', { width: 4000, height: 2 }, { x: 0, y: 255, width: 512, height: 1 }],
    ['odd', { width: 1001, height: 333 }, { x: 0, y: 171, width: 512, height: 170 }],
  ])('puts a %s picture in the middle', (_, shown, picture) => {
    expect(letterbox(shown, target)).toEqual({ target, picture });
  });

  it('never leaves the input, and fills one of its sides', () => {
    const side = fc.integer({ min: 1, max: 8192 });
    fc.assert(
      fc.property(side, side, side, side, (width, height, across, down) => {
        const { picture } = letterbox({ width, height }, { width: across, height: down });
        expect(picture.x + picture.width).toBeLessThanOrEqual(across);
        expect(picture.y + picture.height).toBeLessThanOrEqual(down);
        expect(Math.min(picture.x, picture.y)).toBe(0);
        expect(picture.width === across || picture.height === down).toBe(true);
      }),
      { seed: 20_252 },
    );
  });

  it('is drawn by these filters', () => {
    expect(letterboxFilters(letterbox({ width: 1080, height: 1920 }, target))).toBe(
      'scale=288:512:flags=bilinear,pad=512:512:112:0:color=gray,setsar=1,format=rgb24',
    );
  });
});

describe('isInPicture', () => {
  const box = letterbox({ width: 1280, height: 720 }, target);

  it.each([
    ['in the picture', { x: 10, y: 200, width: 40, height: 40 }, true],
    ['across its edge, more inside', { x: 10, y: 100, width: 40, height: 40 }, true],
    ['across its edge, more outside', { x: 10, y: 80, width: 40, height: 40 }, false],
    ['in a bar', { x: 10, y: 450, width: 40, height: 40 }, false],
    ['nowhere', { x: Number.NaN, y: 200, width: 40, height: 40 }, false],
  ])('something %s', (_, seen, inside) => {
    expect(isInPicture(seen, box)).toBe(inside);
  });
});
