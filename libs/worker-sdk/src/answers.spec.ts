import { progressionMessage } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { finalAnswer, progressionAnswer } from './answers.js';

const identity = { attemptId: 7, instanceId: 'w-1', correlationId: 'job-uuid' };
const now = new Date('2026-02-13T10:30:00.123Z');

describe('every answer', () => {
  it('repeats the correlation id of its order', () => {
    expect(progressionAnswer(identity, 1, { percent: 0 }, now).correlationId).toBe('job-uuid');
  });

  it('has none where the order had none', () => {
    const answer = progressionAnswer({ ...identity, correlationId: null }, 1, { percent: 0 }, now);
    expect(answer).not.toHaveProperty('correlationId');
  });
});

describe('progressionAnswer', () => {
  it('sends whole percents', () => {
    expect(progressionAnswer(identity, 1, { percent: 25.9 }, now).content).toMatchObject({ progression: 25 });
  });

  it('leaves out what was not measured', () => {
    const { content } = progressionAnswer(identity, 3, { percent: 1, speed: 2 }, now);
    expect(content).toMatchObject({ reelay: { instance_id: 'w-1', seq: 3, speed: 2 } });
    expect((content as { reelay: object }).reelay).not.toHaveProperty('fps');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('leaves out %d, which nobody could read', (value) => {
    const update = { percent: 1, fps: value, speed: value, etaSeconds: value };
    const { content } = progressionAnswer(identity, 3, update, now);
    expect(progressionMessage.parse(JSON.parse(JSON.stringify(content))).reelay).toEqual({
      instance_id: 'w-1',
      seq: 3,
    });
  });
});

describe('finalAnswer', () => {
  it('goes where its outcome says', () => {
    const keys = [
      finalAnswer(identity, 1, { kind: 'completed', destinationPaths: [], result: {} }, 1),
      finalAnswer(identity, 1, { kind: 'failed', code: 'DISK_FULL', message: 'full', retryable: true }, 1),
      finalAnswer(identity, 1, { kind: 'stopped', reason: 'cancelled' }, 1),
    ].map(({ routingKey }) => routingKey);
    expect(keys).toEqual(['job_completed', 'job_error', 'job_stopped']);
  });

  it('says a result twice: as parameters for peers that know no more, and as it is', () => {
    const result = { valid: true, reason: null, media: { container: 'mov' } };
    const { content } = finalAnswer(identity, 4, { kind: 'completed', destinationPaths: ['a.mp4'], result }, 1.5);
    expect(content).toMatchObject({
      destination_paths: ['a.mp4'],
      execution_duration: 1.5,
      parameters: [
        { id: 'valid', type: 'boolean', value: true },
        { id: 'reason', type: 'json', value: null },
        { id: 'media', type: 'json', value: { container: 'mov' } },
      ],
      reelay: { instance_id: 'w-1', seq: 4, result },
    });
  });
});
