import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Receipts } from './receipts.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const done = Promise.resolve();
const TAKEN = { taken: true, over: false };

describe('Receipts', () => {
  it.each([
    { taken: true, over: false },
    { taken: false, over: true },
  ])('hands on the word of the backend: %o', async (verdict) => {
    const receipts = new Receipts();
    const answer = receipts.of(7, done, () => undefined);
    receipts.note(8, { taken: !verdict.taken, over: !verdict.over });
    receipts.note(7, verdict);
    expect(await answer).toEqual(verdict);
    receipts.note(7, { taken: !verdict.taken, over: !verdict.over });
  });

  it('says it again when nothing is heard, and then takes the word of the broker', async () => {
    const receipts = new Receipts();
    const sayAgain = vi.fn();
    const answer = receipts.of(7, done, sayAgain);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sayAgain).toHaveBeenCalledTimes(3);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await answer).toEqual(TAKEN);
    expect(sayAgain).toHaveBeenCalledTimes(3);
  });

  it('waits no longer when the worker stops', async () => {
    const receipts = new Receipts();
    const answers = [1, 2].map((attempt) => receipts.of(attempt, done, () => undefined));
    await vi.advanceTimersByTimeAsync(0);
    receipts.giveUp();
    expect(await Promise.all(answers)).toEqual([TAKEN, TAKEN]);
  });

  it('takes no answer for taken that the broker does not have, however long it is away', async () => {
    const receipts = new Receipts();
    const sayAgain = vi.fn();
    const answer = receipts.of(7, new Promise(() => undefined), sayAgain);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(sayAgain).not.toHaveBeenCalled();
    receipts.giveUp();
    expect(await answer).toEqual({ taken: false, over: false });
  });

  it('hears a word that comes before the confirm of the broker', async () => {
    const receipts = new Receipts();
    const answer = receipts.of(7, new Promise(() => undefined), () => undefined);
    receipts.note(7, TAKEN);
    expect(await answer).toEqual(TAKEN);
  });
});
