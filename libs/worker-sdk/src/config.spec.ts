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
      devices: [],
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

describe('the devices of a worker', () => {
  it('are those that are listed', () => {
    expect(readWorkerConfig({ AMQP_URL, WORKER_DEVICES: 'gpu0:16000, gpu1:8000' }).devices).toEqual([
      { id: 'gpu0', vramMb: 16_000 },
      { id: 'gpu1', vramMb: 8_000 },
    ]);
  });

  it('are one when only an amount is given', () => {
    expect(readWorkerConfig({ AMQP_URL, WORKER_VRAM_MB: '16000' }).devices).toEqual([{ id: 'gpu0', vramMb: 16_000 }]);
  });

  it.each(['gpu0', 'gpu0:', 'gpu0:0', 'gpu0:1.5', 'gpu0:-1', ':16000', 'gpu 0:16000', 'gpu0:1e9', 'gpu0:16000,'])(
    'cannot be %j',
    (WORKER_DEVICES) => {
      expect(() => readWorkerConfig({ AMQP_URL, WORKER_DEVICES })).toThrow(
        'WORKER_DEVICES: must be a list of name:MB, such as gpu0:16000,gpu1:8000',
      );
    },
  );

  it('have names that differ', () => {
    expect(() => readWorkerConfig({ AMQP_URL, WORKER_DEVICES: 'gpu0:16000,gpu0:8000' })).toThrow(
      'WORKER_DEVICES: must not name a device twice',
    );
  });

  it.each(['0', '-1', '1.5', 'much', '16000 MB', '99999999'])('have no VRAM of %j MB', (WORKER_VRAM_MB) => {
    expect(() => readWorkerConfig({ AMQP_URL, WORKER_VRAM_MB })).toThrow(/WORKER_VRAM_MB: must be /);
  });

  it('are told in one way only', () => {
    expect(() => readWorkerConfig({ AMQP_URL, WORKER_DEVICES: 'gpu0:1', WORKER_VRAM_MB: '1' })).toThrow(
      'WORKER_VRAM_MB: must not be set beside WORKER_DEVICES',
    );
  });
});

describe('readLocalConfig', () => {
  it('needs nothing', () => {
    expect(readLocalConfig({}).logLevel).toBe('info');
  });
});
