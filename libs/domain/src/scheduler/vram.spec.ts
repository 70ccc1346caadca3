import { describe, expect, it } from 'vitest';
import { couldEverHold } from './capacity.js';
import { planDispatch } from './plan.js';
import { attempt, job, NOW, reasons, sent, snapshot, toAttempt, worker } from './samples.js';
import type { OpenAttempt, PendingJob, WorkerCapacity } from './snapshot.js';

const encode = (id: string, vramRequired: number, fields: Partial<PendingJob> = {}): PendingJob =>
  job(id, { type: 'encode', category: 'gpu_encode', vramRequired, ...fields });

const encoder = (host: string, vramMb: number, fields: Partial<WorkerCapacity> = {}): WorkerCapacity =>
  worker(`worker-on-${host}`, { host, jobTypes: ['encode'], slots: 4, devices: [{ id: 'gpu0', vramMb }], ...fields });

const held = (host: string, vramMb: number, fields: Partial<OpenAttempt> = {}): OpenAttempt =>
  attempt({ category: 'gpu_encode', type: 'encode', host, device: 'gpu0', vramMb, ...fields });

const places = (pending: readonly PendingJob[], workers: readonly WorkerCapacity[], attempts: OpenAttempt[] = []) =>
  planDispatch(snapshot(pending, workers, { attempts }), NOW).dispatch.map((entry) => ({
    ...entry,
    job: entry.job.id,
  }));

describe('video memory', () => {
  it('is given once', () => {
    const plan = planDispatch(snapshot([encode('a', 9_000), encode('b', 8_000)], [encoder('encoder-1', 16_000)]), NOW);
    expect(sent(plan)).toEqual(['a']);
    expect(reasons(plan)).toEqual({ b: 'needs 8000 MB of VRAM, 7000 free on encoder-1' });
  });

  it('is held by what runs, by what is out and by what is paused', () => {
    const attempts = [
      held('encoder-1', 4_000, { instanceId: 'worker-on-encoder-1' }),
      held('encoder-1', 4_000, { status: 'out' }),
      held('encoder-1', 4_000, { instanceId: 'worker-on-encoder-1', holdsSlot: false }),
    ];
    const plan = planDispatch(snapshot([encode('a', 8_000)], [encoder('encoder-1', 16_000)], { attempts }), NOW);
    expect(reasons(plan)).toEqual({ a: 'needs 8000 MB of VRAM, 4000 free on encoder-1' });
  });

  it('belongs to the host: workers that announce the same device share it', () => {
    const workers = [encoder('one', 16_000), encoder('one', 16_000, { instanceId: 'second' })];
    expect(places([encode('a', 9_000), encode('b', 9_000)], workers)).toHaveLength(1);
    const other = encoder('two', 16_000);
    expect(places([encode('a', 9_000), encode('b', 9_000)], [...workers, other])).toHaveLength(2);
  });

  it('that is shared is as large as the least that was announced', () => {
    const workers = [encoder('one', 16_000), encoder('one', 8_000, { instanceId: 'second' })];
    expect(places([encode('a', 9_000)], workers)).toEqual([]);
  });

  it('that no device has is told with the largest there is', () => {
    const plan = planDispatch(snapshot([encode('a', 40_000)], [encoder('one', 8_000), encoder('two', 16_000)]), NOW);
    expect(reasons(plan)).toEqual({ a: 'needs 40000 MB of VRAM, no device of a live worker has more than 16000' });
  });

  it('is of no account to a job that needs none', () => {
    expect(places([encode('a', 0)], [encoder('one', 1_000)])).toEqual([
      { job: 'a', target: null, host: null, device: null },
    ]);
  });

  it('is told of those with a free slot; a large device without one is busy', () => {
    const busy = encoder('big', 16_000, { slots: 0 });
    const plan = planDispatch(snapshot([encode('a', 12_000)], [busy, encoder('small', 8_000)]), NOW);
    expect(reasons(plan)).toEqual({ a: 'the worker for job type encode that can take 12000 MB of VRAM is busy' });
  });
});

describe('workers on one host that see different devices', () => {
  const small = encoder('one', 0, { slots: 2, devices: [{ id: 'gpu1', vramMb: 8_000 }] });
  const large = encoder('one', 16_000, { instanceId: 'large', slots: 1 });
  const busy = 'the worker for job type encode that can take 12000 MB of VRAM is busy';

  it('lend a slot only to jobs for their own', () => {
    const state = snapshot([encode('a', 12_000)], [small, { ...large, slots: 0 }]);
    expect(reasons(planDispatch(state, NOW))).toEqual({ a: busy });
  });

  it('are told apart by the device of an order that is out', () => {
    const attempts = [held('one', 1_000, { status: 'out' })];
    const state = snapshot([encode('a', 12_000)], [small, large], { attempts });
    expect(reasons(planDispatch(state, NOW))).toEqual({ a: busy });
  });
});

describe('a job that needs video memory', () => {
  it('goes to the device that it fills best, and its order to that host', () => {
    const workers = [encoder('large', 24_000), encoder('tight', 8_000), encoder('middle', 16_000)];
    expect(places([encode('a', 7_000), encode('b', 7_000)], workers)).toEqual([
      { job: 'a', target: 'tight', host: 'tight', device: 'gpu0' },
      { job: 'b', target: 'middle', host: 'middle', device: 'gpu0' },
    ]);
  });

  it('counts what runs on a device when it looks for the best fit', () => {
    const workers = [encoder('large', 24_000), encoder('tight', 8_000)];
    const [entry] = places([encode('a', 7_000)], workers, [held('large', 16_500)]);
    expect(entry).toMatchObject({ target: 'large' });
  });

  it('chooses among the devices of one host, whose order may go to the shared queue', () => {
    const devices = [
      { id: 'gpu0', vramMb: 24_000 },
      { id: 'gpu1', vramMb: 8_000 },
    ];
    expect(places([encode('a', 7_000)], [encoder('one', 0, { devices })])).toEqual([
      { job: 'a', target: null, host: 'one', device: 'gpu1' },
    ]);
  });

  it('stays on its target host, though it fits better elsewhere', () => {
    const workers = [encoder('large', 24_000), encoder('tight', 8_000)];
    expect(places([encode('a', 7_000, { target: 'large' })], workers)).toEqual([
      { job: 'a', target: 'large', host: 'large', device: 'gpu0' },
    ]);
  });

  it('runs on workers without a device and is directed only where others have one', () => {
    const plain = encoder('plain', 0, { devices: [] });
    const anywhere = { target: null, host: null, device: null };
    expect(places([encode('a', 40_000)], [plain, encoder('other', 0, { devices: [] })])).toEqual([
      { job: 'a', ...anywhere },
    ]);
    expect(places([encode('a', 40_000)], [plain, encoder('one', 16_000)])).toEqual([
      { job: 'a', ...anywhere, target: 'plain' },
    ]);
  });

  it('is not left to a worker that cannot be addressed while another might take it without the memory', () => {
    const foreign = encoder('x', 0, { instanceId: 'foreign', host: null, devices: [] });
    expect(places([encode('a', 40_000)], [foreign])).toHaveLength(1);
    expect(places([encode('a', 40_000)], [foreign, encoder('one', 16_000)])).toEqual([]);
  });
});

describe('a reservation', () => {
  const afterMs = 600_000;
  const big = encode('big', 12_000, { priority: 3, createdAt: NOW - afterMs - 1 });
  const small = encode('small', 4_000);
  const rest = { reservation: { afterMs }, attempts: [held('one', 8_000)] };

  it('keeps later jobs off the device, but not those that need no video memory', () => {
    const plan = planDispatch(snapshot([big, small, encode('none', 0)], [encoder('one', 16_000)], rest), NOW);
    expect(sent(plan)).toEqual(['none']);
    expect(reasons(plan)).toEqual({
      big: 'needs 12000 MB of VRAM, 8000 free on one',
      small: 'reserved for a job that waits longer',
    });
  });

  it('leaves the other devices and the jobs ahead alone', () => {
    const ahead = encode('ahead', 2_000, { priority: 1 });
    const workers = [encoder('one', 16_000), encoder('two', 8_000)];
    expect(places([big, small], workers, rest.attempts)).toContainEqual(
      expect.objectContaining({ job: 'small', host: 'one' }),
    );
    const plan = planDispatch(snapshot([ahead, big, small], workers, rest), NOW);
    expect(plan.dispatch.map(({ job: { id }, host }) => [id, host])).toEqual([
      ['ahead', 'one'],
      ['small', 'two'],
    ]);
  });

  it.each([
    ['for a job that has not waited long', { ...big, createdAt: NOW - afterMs }, rest],
    ['for a job whose retry was due a moment ago', { ...big, retryAfter: NOW - 1 }, rest],
    ['without a rule', big, { ...rest, reservation: null }],
    ['for a job that no device could ever hold', { ...big, vramRequired: 40_000 }, rest],
    ['for a job whose type is paused', { ...big, type: 'upscale' }, { ...rest, pausedTypes: new Set(['upscale']) }],
  ])('is not made %s', (_, first, state) => {
    const workers = [encoder('one', 16_000, { jobTypes: ['encode', 'upscale'] })];
    expect(sent(planDispatch(snapshot([first, small], workers, state), NOW))).toEqual(['small']);
  });

  it('holds for one job at a time: the first in order', () => {
    const second = encode('second', 14_000, { priority: 4, createdAt: NOW - 2 * afterMs });
    const workers = [encoder('one', 16_000), encoder('two', 16_000)];
    const attempts = [held('one', 8_000), held('two', 9_000)];
    const plan = planDispatch(snapshot([big, second, small], workers, { ...rest, attempts }), NOW);
    expect(plan.dispatch.map(({ job: { id }, host }) => [id, host])).toEqual([['small', 'two']]);
  });

  it('lasts though later jobs fill the category', () => {
    const workers = [encoder('one', 16_000), encoder('two', 8_000)];
    const tags = job('tags', { type: 'tag', category: 'gpu_ai', vramRequired: 8_000 });
    const tagger = worker('tagger', { host: 'one', jobTypes: ['tag'], devices: [{ id: 'gpu0', vramMb: 16_000 }] });
    const limits = { cpu: 1, gpu_encode: 2, gpu_ai: 1 };
    const first = snapshot([big, small], [...workers, tagger], { ...rest, limits });
    const attempts = [...first.attempts, ...planDispatch(first, NOW).dispatch.map(toAttempt)];
    const plan = planDispatch({ ...first, pending: [big, tags], attempts }, NOW);
    expect(reasons(plan)).toEqual({
      big: 'category gpu_encode is at its limit (2 of 2)',
      tags: 'reserved for a job that waits longer',
    });
  });
});

describe('couldEverHold', () => {
  const [one, two] = [encoder('one', 8_000), encoder('two', 16_000)];
  it.each([
    ['a device is large enough', encode('a', 16_000), [one, two], true],
    ['no device is', encode('a', 16_001), [one, two], false],
    ['its host has no such device', encode('a', 16_000, { target: 'one' }), [one, two], false],
    ['no worker of its type is known', encode('a', 16_001, { type: 'other' }), [one, two], true],
    ['a worker works without a device', encode('a', 16_001), [one, encoder('three', 0, { devices: [] })], true],
    ['it needs none', encode('a', 0), [one], true],
  ])('where %s', (_, asked, workers, answer) => {
    expect(couldEverHold(asked, workers)).toBe(answer);
  });
});
