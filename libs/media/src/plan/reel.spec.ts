import { expect, it } from 'vitest';
import type { Source } from './piece.js';
import { planReel, type ReelPiece } from './reel.js';

const source: Source = {
  path: '/media/in.mp4',
  media: { container: 'mov', durationSeconds: 60, sizeBytes: 1, bitrateKbps: 1, video: null, audio: null },
};
const parts = [100, 300, 700].map((fromFrame) => ({ source, fromFrame, frames: 75, gainDb: 0 }));
const describePiece = (piece: ReelPiece): string =>
  piece.kind === 'body'
    ? `${String(piece.part.fromFrame)}+${String(piece.part.frames)}`
    : `${String(piece.from.fromFrame)} x ${String(piece.to.fromFrame)} +${String(piece.to.frames)}`;

it('parts of one source overlap at their own ends', () => {
  const { pieces, starts, frames } = planReel(parts, 10);
  expect(pieces.map(describePiece)).toEqual(['100+65', '165 x 300 +10', '310+55', '365 x 700 +10', '710+65']);
  expect({ starts, frames }).toEqual({ starts: [0, 65, 130], frames: 205 });
});

it('without an overlap each part is a piece', () => {
  const { pieces, frames } = planReel(parts, 0);
  expect(pieces.map(describePiece)).toEqual(['100+75', '300+75', '700+75']);
  expect(frames).toBe(225);
});
