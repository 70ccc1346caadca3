import type { Progression } from '@reelay/persistence';
import { describe, expect, it } from 'vitest';
import { summarise } from './progression.consumer.js';

const progression = (fields: Partial<Progression>): Progression => ({
  attemptId: 7,
  instanceId: 'w-1',
  seq: 1,
  progress: 0,
  claim: fields.progress === undefined || fields.progress === 0,
  phase: null,
  speed: null,
  etaSeconds: null,
  ...fields,
});

describe('summarise', () => {
  it('keeps the latest of each attempt', () => {
    const batch = [
      progression({ seq: 2, progress: 10 }),
      progression({ attemptId: 8, seq: 5, progress: 50 }),
      progression({ seq: 3, progress: 20, phase: 'encode' }),
    ];
    expect(summarise(batch)).toEqual({
      latest: [
        progression({ seq: 3, progress: 20, phase: 'encode' }),
        progression({ attemptId: 8, seq: 5, progress: 50 }),
      ],
      beaten: [],
    });
  });

  it('goes by the sequence number, not by the order of arrival', () => {
    const batch = [progression({ seq: 3, progress: 20 }), progression({ seq: 2, progress: 10 })];
    expect(summarise(batch).latest).toEqual([batch[0]]);
  });

  it('goes by the order of arrival where a worker numbers nothing', () => {
    const batch = [progression({ seq: null, progress: 20 }), progression({ seq: null, progress: 30 })];
    expect(summarise(batch).latest).toEqual([batch[1]]);
  });

  it('remembers that the claim was among them', () => {
    const batch = [progression({ seq: 1 }), progression({ seq: 2, progress: 10 })];
    expect(summarise(batch).latest).toEqual([{ ...batch[1], claim: true }]);
  });

  it('tells the second worker that claims an attempt that it lost', () => {
    const batch = [
      progression({ instanceId: 'first' }),
      progression({ instanceId: 'second' }),
      progression({ instanceId: 'first', seq: 2, progress: 10 }),
    ];
    expect(summarise(batch)).toEqual({
      latest: [{ ...batch[2], claim: true }],
      beaten: [{ attemptId: 7, instanceId: 'second' }],
    });
  });

  it('lets a claim take over from a worker that acknowledges at the end: its order was delivered again', () => {
    const batch = [
      progression({ instanceId: 'gone', seq: null, progress: 30 }),
      progression({ instanceId: 'second', seq: null }),
      progression({ instanceId: 'second', seq: null, progress: 5 }),
    ];
    expect(summarise(batch)).toEqual({
      latest: [{ ...batch[2], claim: true }],
      beaten: [{ attemptId: 7, instanceId: 'gone' }],
    });
  });

  it('lets nothing but a claim take over', () => {
    const batch = [
      progression({ instanceId: 'holder', seq: null }),
      progression({ instanceId: 'straggler', seq: null, progress: 90 }),
    ];
    expect(summarise(batch)).toEqual({ latest: [batch[0]], beaten: [{ attemptId: 7, instanceId: 'straggler' }] });
  });
});
