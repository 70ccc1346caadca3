import { jobDetail, jobSummary } from '@reelay/contracts';
import { JobEntity } from '@reelay/persistence';
import { describe, expect, it } from 'vitest';
import { toDetail, toPending, toSummary } from './job.view.js';

const CREATED = new Date('2026-02-13T10:00:00.000Z');

const jobWith = (fields: Partial<JobEntity> = {}): JobEntity =>
  Object.assign(new JobEntity(), {
    id: '770e8400-e29b-41d4-a716-446655440002',
    type: 'validate',
    status: 'pending',
    params: { inputPath: 'a.mp4' },
    progress: 0,
    priority: 5,
    resourceCategory: 'cpu',
    vramRequired: 0,
    target: null,
    worker: null,
    workflowId: null,
    workflowStep: null,
    workflowBranch: null,
    attemptId: null,
    attemptCount: 0,
    retryCount: 0,
    retryBase: 0,
    maxRetries: 3,
    lossCount: 0,
    held: false,
    retryAfter: null,
    unroutableSince: null,
    phase: null,
    speed: null,
    etaSeconds: null,
    errorCode: null,
    errorMessage: null,
    errorRetryable: null,
    result: null,
    destinationPaths: [],
    createdAt: CREATED,
    startedAt: null,
    completedAt: null,
    ...fields,
  } satisfies JobEntity);

describe('toSummary', () => {
  it('shows a new job', () => {
    const summary = toSummary(jobWith(), 'no worker has announced job type validate');
    expect(summary).toEqual({
      id: '770e8400-e29b-41d4-a716-446655440002',
      type: 'validate',
      status: 'pending',
      progress: 0,
      resourceCategory: 'cpu',
      vramRequired: 0,
      priority: 5,
      params: { inputPath: 'a.mp4' },
      waitingReason: 'no worker has announced job type validate',
      retryCount: 0,
      maxRetries: 3,
      retryAfter: null,
      target: null,
      worker: null,
      workflowId: null,
      workflowStep: null,
      workflowBranch: null,
      error: null,
      createdAt: '2026-02-13T10:00:00.000Z',
      startedAt: null,
      completedAt: null,
    });
    expect(jobSummary.parse(summary)).toEqual(summary);
  });

  it('shows the error of the last attempt, also while its retry is waited for', () => {
    const job = jobWith({ errorCode: 'DISK_FULL', errorMessage: 'full', errorRetryable: true, retryAfter: CREATED });
    expect(toSummary(job, null)).toMatchObject({
      retryAfter: '2026-02-13T10:00:00.000Z',
      error: { code: 'DISK_FULL', message: 'full', retryable: true },
    });
  });

  it('keeps to its shape when an error is known by its code only', () => {
    expect(toSummary(jobWith({ errorCode: 'WORKER_LOST' }), null).error).toEqual({
      code: 'WORKER_LOST',
      message: '',
      retryable: false,
    });
  });
});

describe('toDetail', () => {
  it('adds the log, the work under way, and what came of it', () => {
    const job = jobWith({
      status: 'completed',
      progress: 100,
      worker: 'w-1',
      phase: 'verify',
      speed: 3.5,
      etaSeconds: 0,
      destinationPaths: ['playback/a.mp4'],
      result: { outputPath: 'playback/a.mp4' },
      startedAt: CREATED,
      completedAt: CREATED,
    });
    const detail = toDetail(job, { waitingReason: null, queuePosition: null, log: 'one\ntwo' });
    expect(detail).toEqual({
      ...toSummary(job, null),
      queuePosition: null,
      log: 'one\ntwo',
      phase: 'verify',
      speed: 3.5,
      etaSeconds: 0,
      destinationPaths: ['playback/a.mp4'],
      result: { outputPath: 'playback/a.mp4' },
    });
    expect(jobDetail.parse(detail)).toEqual(detail);
  });
});

describe('toPending', () => {
  it('shows the planner times in ms', () => {
    expect(toPending(jobWith({ retryAfter: new Date(1), unroutableSince: new Date(2), target: 'one' }))).toEqual({
      id: '770e8400-e29b-41d4-a716-446655440002',
      type: 'validate',
      category: 'cpu',
      priority: 5,
      createdAt: CREATED.getTime(),
      retryAfter: 1,
      target: 'one',
      vramRequired: 0,
      unroutableSince: 2,
    });
  });
});
