import type { ProgressSink } from '@reelay/media';
import { expect, it } from 'vitest';
import { TransferRate } from './transfer-rate.js';

type Update = Parameters<ProgressSink['progress']>[0];

it('tells percent, megabytes a second and the time left, of this connection', () => {
  let now = 0;
  const updates: Update[] = [];
  const lines: string[] = [];
  const rate = new TransferRate(
    { progress: (update) => updates.push(update), log: (line) => lines.push(line) },
    () => now,
  );
  rate.start(20_000_000, 100_000_000);
  rate.note(20_000_000);
  now = 2_000;
  rate.note(30_000_000);
  now = 4_000;
  rate.note(60_000_000);
  expect(updates).toEqual([
    { phase: 'download', percent: 20 },
    { phase: 'download', percent: 30, speed: 5, etaSeconds: 14 },
    { phase: 'download', percent: 60, speed: 10, etaSeconds: 4 },
  ]);
  expect(lines).toEqual(['download: 25 % at 5 MB/s', 'download: 50 % at 10 MB/s']);
});

it('knows neither percent nor time left of a file of unknown size', () => {
  const updates: Update[] = [];
  let now = 0;
  const rate = new TransferRate({ progress: (update) => updates.push(update), log: () => undefined }, () => now);
  rate.start(0, null);
  now = 1_000;
  rate.note(2_500_000);
  expect(updates).toEqual([{ phase: 'download', percent: 0, speed: 2.5 }]);
});
