import { compileMega } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import type { LibrarySource } from '@reelay/media/plan';
import { planMega } from './compile-mega.plan.js';

const source = (name: string, durationSeconds: number): LibrarySource => ({
  path: `/media/${name}.mp4`,
  relative: `inbox/${name}.mp4`,
  durationSeconds,
  media: { container: 'mov', durationSeconds, sizeBytes: 1, bitrateKbps: null, video: null, audio: null },
});
const sources = [source('a', 3), source('b', 2), source('c', 4)];
const plan = (given: object, gains: number[] = []) =>
  planMega(compileMega.parameters.parse({ inputPaths: ['a', 'b', 'c'], fps: 25, ...given }), sources, gains);

/** Each piece as text: `a 0+75`, or `a 50+25 x b 0+25`. */
const pieces = (given: object): string[] => {
  const named = ({
    source: { path },
    fromFrame,
    frames,
  }: {
    source: { path: string };
    fromFrame: number;
    frames: number;
  }) => `${path.slice(7, 8)} ${String(fromFrame)}+${String(frames)}`;
  return plan(given).pieces.map((piece) =>
    piece.kind === 'body' ? named(piece.part) : `${named(piece.from)} x ${named(piece.to)}`,
  );
};

describe('planMega', () => {
  it('cuts from one whole input to the next', () => {
    expect(pieces({})).toEqual(['a 0+75', 'b 0+50', 'c 0+100']);
    expect(plan({})).toMatchObject({
      frames: 225,
      chapters: [
        { title: 'a', startSeconds: 0, endSeconds: 3 },
        { title: 'b', startSeconds: 3, endSeconds: 5 },
        { title: 'c', startSeconds: 5, endSeconds: 9 },
      ],
    });
  });

  it('makes each overlap a piece of its own', () => {
    expect(pieces({ crossfadeSeconds: 0.4 })).toEqual([
      'a 0+65',
      'a 65+10 x b 0+10',
      'b 10+30',
      'b 40+10 x c 0+10',
      'c 10+90',
    ]);
    expect(plan({ crossfadeSeconds: 0.4 })).toMatchObject({ frames: 205, chapters: [{}, { startSeconds: 2.6 }, {}] });
  });

  it('needs nothing between two overlaps that meet', () => {
    expect(pieces({ crossfadeSeconds: 1 })).toEqual(['a 0+50', 'a 50+25 x b 0+25', 'b 25+25 x c 0+25', 'c 25+75']);
  });

  it('has as many pictures as its pieces', () => {
    for (const crossfadeSeconds of [0, 0.2, 0.5, 1]) {
      const { pieces: made, frames } = plan({ crossfadeSeconds });
      const sum = made.reduce((all, piece) => all + (piece.kind === 'body' ? piece.part.frames : piece.from.frames), 0);
      expect(sum).toBe(frames);
    }
  });

  it('makes both sides of an overlap as loud as their inputs', () => {
    expect(plan({ crossfadeSeconds: 1 }, [1, 2, 3]).pieces[1]).toMatchObject({
      from: { gainDb: 1 },
      to: { gainDb: 2 },
    });
  });

  it('takes titles that are given, one for each input', () => {
    expect(plan({ titles: ['A', 'B', 'C'] }).chapters.map(({ title }) => title)).toEqual(['A', 'B', 'C']);
    expect(() => plan({ titles: ['A'] })).toThrow('there are 1 titles for 3 inputs');
  });

  it('refuses overlaps that an input is too short for', () => {
    expect(() => plan({ crossfadeSeconds: 1.1 })).toThrow('inbox/b.mp4 is too short for crossfades of 1.1 s');
  });
});
