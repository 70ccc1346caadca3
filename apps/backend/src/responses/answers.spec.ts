import { describe, expect, it } from 'vitest';
import { firstOfEachAttempt } from './answers.js';

describe('firstOfEachAttempt', () => {
  it('keeps the first about each attempt, in order: what follows about it is a duplicate', () => {
    const answers = [
      { attemptId: 2, from: 'a' },
      { attemptId: 1, from: 'b' },
      { attemptId: 2, from: 'c' },
      { attemptId: 1, from: 'd' },
    ];
    expect(firstOfEachAttempt(answers)).toEqual([answers[0], answers[1]]);
  });
});
