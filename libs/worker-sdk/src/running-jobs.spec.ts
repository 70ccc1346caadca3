import { describe, expect, it } from 'vitest';
import { StopRequest } from './errors.js';
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
