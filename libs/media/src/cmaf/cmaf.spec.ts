import { describe, expect, it } from 'vitest';
import { MediaError } from '../errors.js';
import { aacDescription, avcDescription, box, cmafInit, cmafSegment, u32, zeros } from '../testing/index.js';
import { readBoxes } from './box.js';
import { readSegment } from './segment.js';
import { readTrackHeader } from './track-header.js';

const { defaults } = readTrackHeader(cmafInit('vide', avcDescription));
const read = (bytes: Buffer, size = bytes.length) => readSegment(bytes, size, { defaults });

describe('the set-up of a track', () => {
  it('tells the codec, the size and the unit of time of pictures', () => {
    expect(readTrackHeader(cmafInit('vide', avcDescription))).toEqual({
      ...{ kind: 'video', timescale: 30_000, codec: 'avc1.640028', sound: null },
      size: { width: 1280, height: 720 },
      defaults: { duration: 1001, size: 7, flags: 0x10000 },
    });
  });

  it.each([
    [0x1190, 'mp4a.40.2', 2, 48_000],
    [0x1188, 'mp4a.40.2', 1, 48_000],
    [0x2a08, 'mp4a.40.5', 1, 44_100 / 2],
    // The rate in another way: then the description's own fields count.
    [0x1780, 'mp4a.40.2', 2, 48_000],
  ])('tells codec, channels and rate of sound from %d', (setUp, codec, channels, sampleRate) => {
    const header = readTrackHeader(cmafInit('soun', aacDescription(setUp)));
    expect(header).toMatchObject({ kind: 'audio', codec, size: null });
    if (setUp !== 0x2a08) expect(header.sound).toEqual({ channels, sampleRate });
  });

  it('is refused where it is none', () => {
    const whole = cmafInit('vide', avcDescription);
    for (const bytes of [
      zeros(0),
      whole.subarray(0, whole.length - 60),
      cmafInit('subt', avcDescription),
      box('moov'),
      zeros(20),
    ]) {
      expect(() => readTrackHeader(bytes)).toThrow(MediaError);
    }
  });
});

describe('a segment', () => {
  it('tells when it begins, how long it is, and where its first picture is', () => {
    const bytes = cmafSegment(60_060, [
      { size: 500, shift: 0 },
      { size: 20, shift: 2002 },
      { size: 10, shift: -1001 },
    ]);
    expect(read(bytes)).toEqual({
      ...{ start: 60_060, duration: 3003, samples: 3, firstShown: 60_060, startsWithKey: true },
      first: { offset: 16, length: bytes.length - 16 - 30 },
      sizeBytes: bytes.length,
    });
  });

  it('tells when it does not begin with a key picture', () => {
    expect(read(cmafSegment(0, [{ size: 1 }], 0x1010000)).startsWithKey).toBe(false);
  });

  it('needs its head only', () => {
    const bytes = cmafSegment(0, [{ size: 5000 }, { size: 5000 }]);
    expect(readSegment(bytes.subarray(0, 300), bytes.length, { defaults }).samples).toBe(2);
  });

  it('is refused when it is cut off, wherever that is', () => {
    const bytes = cmafSegment(0, [{ size: 40 }, { size: 20 }]);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => read(bytes.subarray(0, length))).toThrow(MediaError);
    }
  });

  it('is refused when its samples are not what its data holds', () => {
    const bytes = cmafSegment(0, [{ size: 40 }]);
    const longer = Buffer.concat([bytes, box('mdat', zeros(4))]);
    const twice = Buffer.concat([bytes, bytes]);
    expect(() => read(longer)).not.toThrow();
    expect(() => read(twice)).toThrow('2 fragments');
    const other = Buffer.from(bytes);
    other.writeUInt32BE(39, bytes.indexOf('trun') + 20);
    expect(() => read(other)).toThrow('do not fill');
  });

  it('is refused, and read to no end, when a number in it is made up', () => {
    const bytes = cmafSegment(0, [{ size: 40 }]);
    for (let at = 0; at + 4 <= bytes.length - 40; at++) {
      for (const value of [0, 1, 7, 0x7fffffff, 0xffffffff]) {
        const broken = Buffer.from(bytes);
        broken.writeUInt32BE(value, at);
        try {
          read(broken);
        } catch (error) {
          expect(error).toBeInstanceOf(MediaError);
        }
      }
    }
  });
});

describe('boxes', () => {
  it('may have long lengths, or go on to the end', () => {
    const long = Buffer.concat([u32(1), Buffer.from('free'), u32(0, 20), zeros(4)]);
    const rest = Buffer.concat([u32(0), Buffer.from('mdat'), zeros(9)]);
    expect(readBoxes(Buffer.concat([long, rest]))).toMatchObject([
      { name: 'free', offset: 0, size: 20, contentOffset: 16 },
      { name: 'mdat', offset: 20, size: 17, contentOffset: 28 },
    ]);
  });
});
