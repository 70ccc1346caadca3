import { describe, expect, it } from 'vitest';
import { attempt, job, NOW, snapshot, worker } from './samples.js';
import { simulate } from './simulate.js';

const minute = (): number => 60_000;

describe('simulate', () => {
  it('starts each job when the room that it needs comes back', () => {
    const jobs = [job('a'), job('b'), job('c')];
    const attempts = [attempt({ instanceId: 'w2' })];
    const workers = [worker('w1', { host: 'one' }), worker('w2', { host: 'two' })];
    const { schedule, makespanMs, never } = simulate(snapshot(jobs, workers, { attempts }), NOW, minute, () => 90_000);
    expect(schedule).toEqual([
      { id: 'a', start: NOW, end: NOW + 60_000, worker: 'w1', host: 'one', device: null },
      { id: 'b', start: NOW + 60_000, end: NOW + 120_000, worker: 'w1', host: 'one', device: null },
      { id: 'c', start: NOW + 90_000, end: NOW + 150_000, worker: 'w2', host: 'two', device: null },
    ]);
    expect({ makespanMs, never }).toEqual({ makespanMs: 150_000, never: [] });
  });

  it('starts a retry when it is due', () => {
    const { schedule } = simulate(
      snapshot([job('a', { retryAfter: NOW + 5_000 })], [worker('w')]),
      NOW,
      minute,
      minute,
    );
    expect(schedule).toMatchObject([{ id: 'a', start: NOW + 5_000 }]);
  });

  it('lists what can never start, with the reason', () => {
    const state = snapshot([job('a'), job('b', { target: 'gone' })], [worker('w')]);
    expect(simulate(state, NOW, minute, minute).never).toEqual([
      { id: 'b', reason: 'no live worker on host gone serves job type validate' },
    ]);
  });

  it('waits for ever for what does not end, and leaves it out of the makespan', () => {
    const attempts = [attempt({ instanceId: 'w' })];
    expect(simulate(snapshot([job('a')], [worker('w')], { attempts }), NOW, minute, () => Infinity)).toEqual({
      schedule: [],
      makespanMs: 0,
      never: [{ id: 'a', reason: 'the worker for job type validate is busy' }],
    });
  });

  it('lets age change the order while time passes', () => {
    const jobs = [
      job('now', { priority: 1 }),
      job('patient', { priority: 3, createdAt: NOW - 50_000 }),
      job('urgent', { priority: 2, createdAt: NOW }),
    ];
    const order = (everyMs: number | null): string[] =>
      simulate(
        snapshot(jobs, [worker('w')], { ageing: everyMs === null ? null : { everyMs } }),
        NOW,
        minute,
        minute,
      ).schedule.map(({ id }) => id);
    expect(order(null)).toEqual(['now', 'urgent', 'patient']);
    expect(order(55_000)).toEqual(['now', 'patient', 'urgent']);
  });

  it('moves the clock whatever it is told of durations', () => {
    const { schedule } = simulate(snapshot([job('a'), job('b')], [worker('w')]), NOW, () => Number.NaN, minute);
    expect(schedule.map(({ start }) => start - NOW)).toEqual([0, 1]);
  });
});
