import { describe, expect, it } from 'vitest';
import { createJobBody, listJobsQuery } from './jobs.js';

describe('createJobBody', () => {
  it('needs the type only', () => {
    expect(createJobBody.parse({ type: 'validate' })).toEqual({
      type: 'validate',
      params: {},
      priority: 5,
      maxRetries: 3,
      notifyQueue: false,
    });
  });

  it.each([
    {},
    { type: 'Validate' },
    { type: 'validate', priority: 0 },
    { type: 'validate', priority: 11 },
    { type: 'validate', maxRetries: -1 },
    { type: 'validate', target: 'a host' },
    { type: 'validate', vramRequired: 1.5 },
    { type: 'validate', resourceCategory: 'gpu' },
    { type: 'validate', status: 'completed' },
  ])('refuses %j', (body) => {
    expect(createJobBody.safeParse(body).success).toBe(false);
  });
});

describe('listJobsQuery', () => {
  it('has defaults', () => {
    expect(listJobsQuery.parse({})).toEqual({ limit: 20, sort: '-createdAt' });
  });

  it('takes a list repeated or separated by commas', () => {
    expect(listJobsQuery.parse({ status: 'pending,running' }).status).toEqual(['pending', 'running']);
    expect(listJobsQuery.parse({ status: ['pending', 'running,failed'] }).status).toEqual([
      'pending',
      'running',
      'failed',
    ]);
  });

  it('reads numbers as a query sends them', () => {
    expect(listJobsQuery.parse({ page: '2', limit: '100' })).toMatchObject({ page: 2, limit: 100 });
  });

  it.each([{ limit: '101' }, { page: '0' }, { status: 'done' }, { status: '' }, { sort: 'id' }, { stauts: 'failed' }])(
    'refuses %j',
    (query) => {
      expect(listJobsQuery.safeParse(query).success).toBe(false);
    },
  );
});
