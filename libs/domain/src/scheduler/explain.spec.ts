import { describe, expect, it } from 'vitest';
import { CONSTRAINT_NAMES } from './constraints.js';
import { explainJob } from './explain.js';
import { attempt, job, NOW, snapshot, worker } from './samples.js';

const minutes = { estimateMs: () => 60_000, remainingMs: () => 30_000 };

describe('explainJob', () => {
  it('knows only pending jobs', () => {
    expect(explainJob('unknown', snapshot([job('a')], [worker('w')]), NOW)).toBeNull();
  });

  it('says that a job could run now, and that each constraint is met', () => {
    const explained = explainJob('a', snapshot([job('a')], [worker('w')]), NOW)!;
    expect(explained).toMatchObject({ status: 'could run now', reason: null, position: 1, predictedStart: NOW });
    expect(explained.constraints.map(({ name }) => name)).toEqual(CONSTRAINT_NAMES);
    expect(explained.constraints.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('names every constraint that is not met, and the first as the reason', () => {
    const blocked = job('a', { type: 'tag', category: 'gpu_ai', vramRequired: 8_000, retryAfter: NOW + 120_000 });
    const tagger = worker('w', { host: 'one', jobTypes: ['tag'], devices: [{ id: 'gpu0', vramMb: 10_000 }] });
    const state = snapshot([blocked], [tagger], {
      limits: { cpu: 5, gpu_encode: 2, gpu_ai: 1 },
      queuePaused: true,
      attempts: [attempt({ instanceId: 'w', category: 'gpu_ai', host: 'one', device: 'gpu0', vramMb: 6_000 })],
    });
    const explained = explainJob('a', state, NOW)!;
    expect(explained).toMatchObject({ status: 'waits', reason: 'retries at 2026-02-13T10:32:00Z' });
    expect(explained.constraints.filter(({ ok }) => !ok)).toEqual([
      { name: 'retry time', ok: false, detail: 'retries at 2026-02-13T10:32:00Z' },
      { name: 'pause', ok: false, detail: 'the queue is paused' },
      { name: 'category limit', ok: false, detail: 'category gpu_ai is at its limit (1 of 1)' },
      { name: 'slot', ok: false, detail: 'the worker for job type tag is busy' },
      { name: 'VRAM', ok: false, detail: 'needs 8000 MB of VRAM, 4000 free on one' },
    ]);
  });

  it('tells the facts behind what is met', () => {
    const tagger = worker('w', { host: 'one', jobTypes: ['tag'], devices: [{ id: 'gpu0', vramMb: 10_000 }], slots: 2 });
    const tag = job('a', { type: 'tag', category: 'gpu_ai', vramRequired: 8_000, target: 'one' });
    const explained = explainJob('a', snapshot([tag], [tagger]), NOW)!;
    expect(explained.constraints.map(({ detail }) => detail)).toEqual([
      'it does not wait for a retry',
      'neither the queue, nor job type tag, nor category gpu_ai is paused',
      'job type tag was announced',
      'a live worker serves job type tag',
      'it runs on host one',
      'category gpu_ai is below its limit (0 of 100)',
      '1 worker has a free slot',
      'needs 8000 MB of VRAM, 10000 free on one',
      'nothing that it needs is reserved for another job',
    ]);
  });

  it('counts the jobs ahead, and predicts the start when durations are given', () => {
    const state = snapshot([job('a', { priority: 1 }), job('b'), job('c', { priority: 9 })], [worker('w')], {
      attempts: [attempt({ instanceId: 'w' })],
    });
    expect(explainJob('c', state, NOW)).toMatchObject({ position: 3, status: 'waits', predictedStart: null });
    expect(explainJob('c', state, NOW, minutes)).toMatchObject({ predictedStart: NOW + 30_000 + 2 * 60_000 });
  });

  it('says when nothing that goes on would ever let it start', () => {
    const state = snapshot([job('a')], [], {}, ['validate']);
    expect(explainJob('a', state, NOW, minutes)).toMatchObject({
      status: 'never starts as things are',
      reason: 'no live worker serves job type validate since 2026-02-13T10:29:55Z',
      predictedStart: null,
    });
  });
});
