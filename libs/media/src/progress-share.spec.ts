import { expect, it } from 'vitest';
import { reportProgress, type ProgressSink } from './progress.js';
import { shareOf } from './progress-share.js';

it('passes of a job fill its progress one after the other, and log as they do alone', () => {
  const told: Parameters<ProgressSink['progress']>[0][] = [];
  const log: string[] = [];
  const sink: ProgressSink = { progress: (update) => told.push(update), log: (line) => log.push(line) };
  for (const [from, to] of [
    [0, 30],
    [30, 100],
  ] as const) {
    const report = reportProgress(shareOf(sink, from, to), 'encode');
    for (const percent of [0, 50, 100]) report({ percent, mediaSeconds: 1, speed: 2, etaSeconds: 3 });
  }
  expect(told.map(({ percent }) => percent)).toEqual([0, 15, 30, 30, 65, 100]);
  expect(told.every(({ etaSeconds }) => etaSeconds === undefined)).toBe(true);
  expect(log).toEqual(['encode: 50 % at 2x', 'encode: 100 % at 2x', 'encode: 50 % at 2x', 'encode: 100 % at 2x']);
});
