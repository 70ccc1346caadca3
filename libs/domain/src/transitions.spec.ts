import { JOB_STATUSES, type JobStatus } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { FINAL_STATUSES, nextStatus, statesThatAllow, TRANSITIONS, type JobEventName } from './transitions.js';

const EVENTS: readonly JobEventName[] = [
  'dispatch',
  'start',
  'requeue',
  'complete',
  'fail',
  'retry',
  'cancel',
  'pause',
  'resume',
  'continue',
  'expire',
];

/** Written down a second time, so that a change of the table is a decision. */
const LEGAL = new Map<string, JobStatus>([
  ['pending dispatch', 'queued'],
  ['pending cancel', 'cancelled'],
  ['pending pause', 'paused'],
  ['pending expire', 'failed'],
  ['queued start', 'running'],
  ['queued requeue', 'pending'],
  ['queued cancel', 'cancelled'],
  ['queued pause', 'paused'],
  ['queued complete', 'completed'],
  ['queued fail', 'failed'],
  ['queued retry', 'pending'],
  ['running complete', 'completed'],
  ['running fail', 'failed'],
  ['running retry', 'pending'],
  ['running cancel', 'cancelled'],
  ['running pause', 'paused'],
  ['paused resume', 'pending'],
  ['paused continue', 'running'],
  ['paused cancel', 'cancelled'],
  ['paused complete', 'completed'],
  ['paused fail', 'failed'],
  ['paused retry', 'paused'],
  ['paused requeue', 'paused'],
  ['failed retry', 'pending'],
  ['cancelled retry', 'pending'],
]);

const everyPair = JOB_STATUSES.flatMap((status) => EVENTS.map((event) => ({ status, event })));

const statesAfter = (status: JobStatus): JobStatus[] =>
  EVENTS.map((event) => nextStatus(status, event)).filter((next) => next !== null);

describe('the life of a job', () => {
  it.each(everyPair)('$status + $event', ({ status, event }) => {
    expect(nextStatus(status, event)).toBe(LEGAL.get(`${status} ${event}`) ?? null);
  });

  it('knows every state, and no event that the walk leaves out', () => {
    expect(Object.keys(TRANSITIONS).sort()).toEqual([...JOB_STATUSES].sort());
    const inTable = Object.values(TRANSITIONS).flatMap((row) => Object.keys(row));
    expect([...new Set(inTable)].sort()).toEqual([...EVENTS].sort());
  });

  it('has no way out of completed', () => {
    expect(statesAfter('completed')).toEqual([]);
  });

  it('leads from pending to every state', () => {
    const reached = new Set<JobStatus>(['pending']);
    for (const status of reached) for (const next of statesAfter(status)) reached.add(next);
    expect([...reached].sort()).toEqual([...JOB_STATUSES].sort());
  });

  it('leaves a final state only when a person retries', () => {
    for (const status of FINAL_STATUSES) {
      expect(EVENTS.filter((event) => nextStatus(status, event) !== null)).toEqual(
        status === 'completed' ? [] : ['retry'],
      );
    }
  });
});

describe('statesThatAllow', () => {
  it.each(EVENTS)('lists exactly the states in which %s is legal', (event) => {
    expect(statesThatAllow(event).sort()).toEqual(
      JOB_STATUSES.filter((status) => LEGAL.has(`${status} ${event}`)).sort(),
    );
  });
});
