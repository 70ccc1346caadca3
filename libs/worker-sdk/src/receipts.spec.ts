import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Receipts } from './receipts.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const done = Promise.resolve();

describe('Receipts', () => {
  it.each([true, false])('hands on the word of the backend: %s', async (taken) => {
    const receipts = new Receipts();
    const answer = receipts.of(7, done, () => undefined);
    receipts.note(8, !taken);
    receipts.note(7, taken);
    expect(await answer).toBe(taken);
    receipts.note(7, !taken);
  });

  it('says it again when nothing is heard, and then takes the word of the broker', async () => {
    const receipts = new Receipts();
    const sayAgain = vi.fn();
    const answer = receipts.of(7, done, sayAgain);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sayAgain).toHaveBeenCalledTimes(3);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await answer).toBe(true);
    expect(sayAgain).toHaveBeenCalledTimes(3);
  });

  it('waits no longer when the worker stops', async () => {
    const receipts = new Receipts();
    const answers = [1, 2].map((attempt) => receipts.of(attempt, done, () => undefined));
    await vi.advanceTimersByTimeAsync(0);
    receipts.giveUp();
    expect(await Promise.all(answers)).toEqual([true, true]);
  });

  it('takes no answer for taken that the broker does not have, however long it is away', async () => {
    const receipts = new Receipts();
    const sayAgain = vi.fn();
    const answer = receipts.of(7, new Promise(() => undefined), sayAgain);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(sayAgain).not.toHaveBeenCalled();
    receipts.giveUp();
    expect(await answer).toBe(false);
  });

  it('hears a word that comes before the confirm of the broker', async () => {
    const receipts = new Receipts();
    const answer = receipts.of(7, new Promise(() => undefined), () => undefined);
    receipts.note(7, true);
    expect(await answer).toBe(true);
  });
});
