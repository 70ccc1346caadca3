import { describe, expect, it } from 'vitest';
import { readLocalConfig, readWorkerConfig } from './config.js';

const AMQP_URL = 'amqp://localhost';

describe('readWorkerConfig', () => {
  it('needs the broker only', () => {
    expect(readWorkerConfig({ AMQP_URL })).toMatchObject({
      amqpUrl: AMQP_URL,
      slots: 1,
      heartbeatSeconds: 5,
      graceSeconds: 60,
      logLevel: 'info',
      jobTypes: null,
    });
    expect(() => readWorkerConfig({})).toThrow('AMQP_URL: is required');
  });

  it('makes instance ids that differ, below the name of the host', () => {
    const [first, second] = [1, 2].map(() => readWorkerConfig({ AMQP_URL, WORKER_HOST: 'encoder-2' }));
    expect(first?.host).toBe('encoder-2');
    expect(first?.instanceId).toMatch(/^encoder-2-[0-9a-f]{8}$/);
    expect(first?.instanceId).not.toBe(second?.instanceId);
  });

  it('reads a list of job types', () => {
    expect(readWorkerConfig({ AMQP_URL, WORKER_JOB_TYPES: 'validate, tag' }).jobTypes).toEqual(['validate', 'tag']);
  });

  it('refuses names that do not fit into the name of a queue', () => {
    expect(() => readWorkerConfig({ AMQP_URL, INSTANCE_ID: 'a b', WORKER_HOST: '#', WORKER_SLOTS: '0' })).toThrow(
      /INSTANCE_ID: .*WORKER_HOST: .*WORKER_SLOTS: /,
    );
  });
});

describe('readLocalConfig', () => {
  it('needs nothing', () => {
    expect(readLocalConfig({}).logLevel).toBe('info');
  });
});
