import { describe, expect, it } from 'vitest';
import { allOf } from './all-of.js';

const never = new AbortController().signal;

/** Ends when its signal is aborted. */
const untilStopped = (signal: AbortSignal, ended: () => void): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      setImmediate(() => {
        ended();
        reject(signal.reason as Error);
      });
    });
  });

describe('allOf', () => {
  it('gives what was made of each, in order, a few at a time', async () => {
    let [running, most] = [0, 0];
    const doubled = await allOf([30, 10, 20], 2, never, async (ms) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, ms));
      running--;
      return ms * 2;
    });
    expect(doubled).toEqual([60, 20, 40]);
    expect(most).toBe(2);
  });

  it('stops the others when one fails, waits for them, and begins no more', async () => {
    const begun: number[] = [];
    let ended = false;
    const work = async (item: number, _: number, signal: AbortSignal): Promise<void> => {
      begun.push(item);
      if (item === 2) throw new Error('the second');
      await untilStopped(signal, () => (ended = true));
    };
    await expect(allOf([1, 2, 3, 4], 2, never, work)).rejects.toThrow('the second');
    expect(begun).toEqual([1, 2]);
    expect(ended).toBe(true);
  });

  it('stops all when it is told to', async () => {
    const stop = new AbortController();
    let ended = 0;
    const work = (_: number, __: number, signal: AbortSignal): Promise<void> => untilStopped(signal, () => ended++);
    const all = allOf([1, 2, 3], 2, stop.signal, work);
    setImmediate(() => {
      stop.abort(new Error('cancelled'));
    });
    await expect(all).rejects.toThrow('cancelled');
    expect(ended).toBe(2);
  });
});
