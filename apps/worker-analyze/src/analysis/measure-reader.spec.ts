import { describe, expect, it } from 'vitest';
import { MeasureReader, SILENCE_LUFS, type Analysis } from './measure-reader.js';

const micros = (time: number): string => String(Math.round(time * 1e6));

/** What the filters print of a picture. */
const picture = (time: number, change: number, score = change, isCut = false): string =>
  `frame:1    pts:${micros(time)}     pts_time:${time.toPrecision(6)}\nlavfi.scd.mafd=${change.toFixed(3)}\n` +
  `lavfi.scd.score=${score.toFixed(3)}\n${isCut ? `lavfi.scd.time=${String(time)}\n` : ''}`;
const sound = (time: number, lufs: number | string): string =>
  `frame:1    pts:${micros(time)}    pts_time:${time.toPrecision(6)}\nlavfi.r128.M=${String(lufs)}\n`;

function read(pictures: readonly string[], sounds: readonly string[] = [], chunk = 7): Analysis | null {
  const reader = new MeasureReader();
  const feed = (text: string, to: (part: string) => void): void => {
    for (let at = 0; at < text.length; at += chunk) to(text.slice(at, at + chunk));
  };
  feed(pictures.join(''), reader.picture);
  feed(sounds.join(''), reader.sound);
  return reader.result();
}

describe('what the filters print', () => {
  it('is read in pieces of any size', () => {
    const pictures = [picture(0, 0), picture(0.25, 2), picture(0.5, 60, 55, true), picture(0.75, 3)];
    const sounds = [sound(0, -20), sound(0.1, -20), sound(0.5, SILENCE_LUFS - 0.691)];
    const analysis = read(pictures, sounds);
    expect(analysis).toEqual({
      durationSeconds: 1,
      pictures: 4,
      cuts: [{ seconds: 0.5, score: 55 }],
      motion: [4, 6],
      loudness: [-20, SILENCE_LUFS],
    });
    for (const chunk of [1, 1000]) expect(read(pictures, sounds, chunk)).toEqual(analysis);
  });

  it('without sound has no loudness', () => {
    expect(read([picture(0, 0), picture(0.04, 0)])).toMatchObject({ loudness: null, durationSeconds: 0.08 });
  });

  it('of a film whose sound ends early is silent from there on', () => {
    const pictures = Array.from({ length: 40 }, (_, index) => picture(index * 0.04, 1));
    expect(read(pictures, [sound(0, -18), sound(1.2, '-inf')])?.loudness).toEqual([
      -18,
      SILENCE_LUFS,
      SILENCE_LUFS,
      SILENCE_LUFS,
    ]);
  });

  it('without a picture is nothing', () => {
    expect(read([], [sound(0, -20)])).toBeNull();
  });

  it('is left out where its time is none that a film can have', () => {
    const pictures = [picture(0, 0), picture(9e9, 50, 50, true), picture(0.04, 1).replace('pts:40000', 'pts:NOPTS')];
    expect(read(pictures)).toMatchObject({ pictures: 1, cuts: [], motion: [0] });
  });
});

describe('cuts', () => {
  it('within a tenth of a second are one, the sharper one', () => {
    const pictures = [picture(0, 0), picture(1, 30, 30, true), picture(1.04, 70, 40, true), picture(2, 20, 20, true)];
    expect(read(pictures)?.cuts).toEqual([
      { seconds: 1.04, score: 40 },
      { seconds: 2, score: 20 },
    ]);
  });

  it('are exact hours into the film', () => {
    const pictures = [picture(35_999.96, 0), picture(36_000.04, 50, 50, true)];
    expect(read(pictures)?.cuts).toEqual([{ seconds: 36_000.04, score: 50 }]);
  });

  it('do not begin with the first picture', () => {
    expect(read([picture(0, 90, 90, true), picture(0.04, 0)])?.cuts).toEqual([]);
  });
});
