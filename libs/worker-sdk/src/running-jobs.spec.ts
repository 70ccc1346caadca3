import { describe, expect, it } from 'vitest';
import { StopRequest } from './errors.js';
import type { PauseSignal } from './processor.js';
import { RunningJobs } from './running-jobs.js';

/** Work that goes on until it is told how to end. */
function work(): { promise: Promise<void>; end: () => void; fail: (error: Error) => void } {
  let end = (): void => undefined;
  let fail = (_: Error): void => undefined;
  const promise = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { promise, end, fail };
}

describe('slots', () => {
  it('are taken while work runs, and free after it, however it ended', async () => {
    let freed = 0;
    const jobs = new RunningJobs(2, () => freed++);
    const [a, b] = [work(), work()];
    const runs = [jobs.run(() => a.promise), jobs.run(() => b.promise)];
    expect(jobs.hasFreeSlot).toBe(false);
    a.end();
    await runs[0];
    expect([jobs.hasFreeSlot, freed]).toEqual([true, 1]);
    b.fail(new Error('b failed'));
    await expect(runs[1]).rejects.toThrow('b failed');
    expect(freed).toBe(2);
  });
});

describe('an attempt', () => {
  it('is listed while it runs, and known after it', async () => {
    const jobs = new RunningJobs(1, () => undefined);
    const { promise, end } = work();
    const tracked = jobs.track(7, () => promise);
    expect([jobs.ids, jobs.knows(7)]).toEqual([[7], true]);
    end();
    await tracked;
    expect([jobs.ids, jobs.knows(7), jobs.knows(8)]).toEqual([[], true, false]);
  });

  it('that could not begin is not known: its order comes again', async () => {
    const jobs = new RunningJobs(1, () => undefined);
    const claim = Promise.reject(new Error('the broker did not confirm the claim'));
    await expect(jobs.track(7, () => claim)).rejects.toThrow('did not confirm');
    expect([jobs.ids, jobs.knows(7)]).toEqual([[], false]);
  });

  it('is forgotten when a thousand others have ended after it', async () => {
    const jobs = new RunningJobs(1, () => undefined);
    for (let attempt = 1; attempt <= 1_001; attempt++) await jobs.track(attempt, () => Promise.resolve());
    expect([jobs.knows(1), jobs.knows(2), jobs.knows(1_001)]).toEqual([false, true, true]);
  });
});

describe('stop', () => {
  it('aborts the attempt that it names, and no other', async () => {
    const jobs = new RunningJobs(2, () => undefined);
    const signals: AbortSignal[] = [];
    const { promise, end } = work();
    const tracked = [7, 8].map((attempt) =>
      jobs.track(attempt, (signal) => {
        signals.push(signal);
        return promise;
      }),
    );
    jobs.stop(7);
    jobs.stop(99);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(signals[0]?.reason).toEqual(new StopRequest('cancelled'));
    jobs.stopAll();
    expect(signals[1]?.reason).toEqual(new StopRequest('shutdown'));
    end();
    await Promise.all(tracked);
  });
});

describe('pause', () => {
  /** A worker of one slot that runs attempt 7 until it is told to end. */
  function running() {
    let freed = 0;
    const jobs = new RunningJobs(1, () => freed++);
    const { promise, end } = work();
    const seen: { signal?: AbortSignal; pause?: PauseSignal } = {};
    const run = jobs.run(() =>
      jobs.track(7, (signal, pause) => {
        Object.assign(seen, { signal, pause });
        return promise;
      }),
    );
    const finish = async (): Promise<void> => {
      end();
      await run;
    };
    return { jobs, seen, finish, freed: () => freed };
  }

  it('gives the slot to others, and keeps the attempt', async () => {
    const { jobs, seen, finish, freed } = running();
    expect(jobs.hasFreeSlot).toBe(false);
    expect(jobs.pause(7)).toBe(true);
    expect([jobs.hasFreeSlot, freed(), jobs.ids, jobs.pausedIds]).toEqual([true, 1, [7], [7]]);
    expect([seen.pause?.paused, jobs.knows(7)]).toEqual([true, true]);
    await finish();
    expect([jobs.hasFreeSlot, jobs.ids, jobs.pausedIds]).toEqual([true, [], []]);
  });

  it('happens once however often it is asked for, and so does the resume', async () => {
    const { jobs, seen, finish, freed } = running();
    let changes = 0;
    seen.pause?.onChange(() => changes++);
    for (const change of ['resume', 'pause', 'pause', 'resume', 'resume'] as const) expect(jobs[change](7)).toBe(true);
    expect([changes, freed(), jobs.hasFreeSlot, jobs.pausedIds]).toEqual([2, 1, false, []]);
    await finish();
  });

  it('does nothing for an attempt that does not run here', () => {
    const jobs = new RunningJobs(1, () => {
      throw new Error('no slot was freed');
    });
    expect([jobs.pause(99), jobs.resume(99), jobs.stop(99)]).toEqual([false, false, false]);
  });

  it('ends at once with a resume: one runs above the slots until any ends', async () => {
    const { jobs, finish } = running();
    jobs.pause(7);
    const other = work();
    const run = jobs.run(() => jobs.track(8, () => other.promise));
    expect(jobs.hasFreeSlot).toBe(false);
    jobs.resume(7);
    expect([jobs.hasFreeSlot, jobs.pausedIds]).toEqual([false, []]);
    other.end();
    await run;
    expect(jobs.hasFreeSlot).toBe(false);
    await finish();
    expect(jobs.hasFreeSlot).toBe(true);
  });

  it('ends with a stop, after the abort', async () => {
    const { jobs, seen, finish } = running();
    jobs.pause(7);
    let abortedFirst = false;
    seen.pause?.onChange(() => (abortedFirst = seen.signal?.aborted === true));
    jobs.stop(7);
    expect([abortedFirst, jobs.pausedIds, jobs.hasFreeSlot]).toEqual([true, [], false]);
    jobs.pause(7);
    expect(jobs.pausedIds).toEqual([]);
    await finish();
  });

  it('ends for all when the worker is about to stop, which waits for them', async () => {
    const { jobs, finish } = running();
    jobs.pause(7);
    let idle = false;
    const waiting = jobs.whenIdle().then(() => (idle = true));
    await Promise.resolve();
    jobs.resumeAll();
    expect([jobs.pausedIds, idle]).toEqual([[], false]);
    await finish();
    await waiting;
  });
});

describe('whenIdle', () => {
  it('waits for the last one', async () => {
    const jobs = new RunningJobs(2, () => undefined);
    await jobs.whenIdle();
    const [a, b] = [work(), work()];
    const runs = [jobs.run(() => a.promise), jobs.run(() => b.promise)];
    let idle = false;
    const waiting = jobs.whenIdle().then(() => {
      idle = true;
    });
    a.end();
    await runs[0];
    expect(idle).toBe(false);
    b.end();
    await runs[1];
    await waiting;
    expect(idle).toBe(true);
  });
});
