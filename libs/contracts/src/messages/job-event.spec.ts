import { describe, expect, it } from 'vitest';
import { jobEventKey } from './job-event.js';

describe('jobEventKey', () => {
  it('lets a subscriber bind to one job, or to one state of all jobs', () => {
    const id = '770e8400-e29b-41d4-a716-446655440002';
    expect(jobEventKey({ id, status: 'running' })).toBe(`job.${id}.running`);
  });
});
