import { describe, expect, it } from 'vitest';
import { estimateSeconds, percentOf, ProgressReader, reportProgress } from './progress.js';

const block = (fields: Record<string, string | number>): string =>
  Object.entries({ ...fields, progress: fields.progress ?? 'continue' })
    .map(([key, value]) => `${key}=${String(value)}\n`)
    .join('');

describe('ProgressReader', () => {
  it('gives one update for each block, however the text is cut', () => {
    const text = block({ frame: 30, fps: '25.00', out_time_us: 1_000_000, out_time_ms: 1_000_000, speed: '2x' });
    const reader = new ProgressReader(10);
    const updates = Array.from(text).flatMap((character) => reader.read(character));
    expect(updates).toEqual([{ percent: 10, mediaSeconds: 1, fps: 25, speed: 2, etaSeconds: 5 }]);
    expect([reader.writtenSeconds, reader.writtenFrames]).toEqual([1, 30]);
  });

  it('reads N/A and times before zero as nothing yet', () => {
    const reader = new ProgressReader(10);
    const [first] = reader.read(block({ frame: 0, fps: '0.00', out_time_us: 'N/A', speed: 'N/A' }));
    const [second] = reader.read(block({ frame: 1, out_time_us: '-9223372036854775807', speed: ' 0.5x' }));
    expect(first).toEqual({ percent: 0, mediaSeconds: 0 });
    expect(second).toEqual({ percent: 0, mediaSeconds: 0, speed: 0.5, etaSeconds: 20 });
  });

  it('never lets the percent fall, nor pass 100', () => {
    const reader = new ProgressReader(10);
    const times = [5_000_000, 4_000_000, 12_000_000, 9_000_000];
    const percents = times.flatMap((time) => reader.read(block({ out_time_us: time })).map(({ percent }) => percent));
    expect(percents).toEqual([50, 50, 100, 100]);
    expect(reader.writtenSeconds).toBe(12);
  });

  it('is silent while ffmpeg repeats itself without getting further', () => {
    const reader = new ProgressReader(10);
    const same = block({ frame: 7, out_time_us: 1_000_000, total_size: 5, speed: '1x' });
    expect(reader.read(same)).toHaveLength(1);
    expect(reader.read(same.replace('1x', '0.5x'))).toHaveLength(0);
    expect(reader.read(same.replace('frame=7', 'frame=8'))).toHaveLength(1);
  });

  it('stays at 0 % where the duration is not known', () => {
    expect(new ProgressReader(null).read(block({ out_time_us: 3_000_000, speed: '1x' }))).toEqual([
      { percent: 0, mediaSeconds: 3, speed: 1 },
    ]);
  });
});

describe('percentOf and estimateSeconds', () => {
  it('know nothing of an unknown or empty duration', () => {
    expect([percentOf(5, null), percentOf(5, 0), percentOf(-1, 10)]).toEqual([0, 0, 0]);
    expect([estimateSeconds(5, null, 1), estimateSeconds(5, 10, undefined), estimateSeconds(5, 10, 0)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('never give a time left below zero', () => {
    expect(estimateSeconds(12, 10, 2)).toBe(0);
  });
});

describe('reportProgress', () => {
  it('passes every update on, and logs each quarter once', () => {
    const percents: number[] = [];
    const lines: string[] = [];
    const report = reportProgress(
      { progress: ({ percent }) => percents.push(percent), log: (line) => lines.push(line) },
      'encode',
    );
    for (const percent of [10, 26, 30, 80, 100]) report({ percent, mediaSeconds: 0, speed: 3 });
    expect(percents).toEqual([10, 26, 30, 80, 100]);
    expect(lines).toEqual(['encode: 25 % at 3x', 'encode: 75 % at 3x', 'encode: 100 % at 3x']);
  });
});
