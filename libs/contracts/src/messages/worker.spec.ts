import { describe, expect, it } from 'vitest';
import { directMessagingQueue } from '../topology.js';
import { directMessage, directMessageHeaders, discoveryMessage, instanceIdOf, statusMessage } from './worker.js';

describe('discoveryMessage', () => {
  it('needs no more than who serves what', () => {
    expect(discoveryMessage.parse({ instance_id: 'w-1', queue_name: 'validate' })).toEqual({
      instance_id: 'w-1',
      queue_name: 'validate',
      label: '',
      short_description: '',
      description: '',
      version: '',
      sdk_version: '',
      parameters: {},
    });
  });

  it.each(['', 'Validate', 'a.b', '#', '*', 'a b', 'validate@host'])('refuses the job type %j', (queue_name) => {
    expect(discoveryMessage.safeParse({ instance_id: 'w-1', queue_name }).success).toBe(false);
  });
});

describe('statusMessage', () => {
  const status = (worker: Record<string, unknown>): unknown => ({ type: 'status', job: null, worker });

  it('names its instance', () => {
    const { worker } = statusMessage.parse(
      status({ activity: 'Idle', instance_id: 'w-1', system_info: { docker_container_id: 'other' } }),
    );
    expect(instanceIdOf(worker)).toBe('w-1');
  });

  it('of an old worker names it by its container', () => {
    const { worker } = statusMessage.parse(
      status({ activity: 'Busy', system_info: { docker_container_id: '2856099cee46', total_memory: 1 } }),
    );
    expect(instanceIdOf(worker)).toBe('2856099cee46');
  });

  it.each([
    { activity: 'Idle' },
    { activity: 'Idle', instance_id: '' },
    { activity: 'Idle', system_info: {} },
    { activity: 'Idle', system_info: { docker_container_id: 7 } },
    { instance_id: 'w-1' },
  ])('is refused when it does not say who does what: %j', (worker) => {
    expect(statusMessage.safeParse(status(worker)).success).toBe(false);
  });
});

describe('directMessage', () => {
  it('names the attempt to stop', () => {
    expect(directMessage.safeParse({ type: 'stop_process' }).success).toBe(false);
    expect(directMessage.safeParse({ type: 'dance' }).success).toBe(false);
  });
});

describe('directMessageHeaders', () => {
  const { bindings } = directMessagingQueue({
    instanceId: 'w-1',
    jobTypes: ['validate', 'thumbnail_generate'],
    workerName: 'worker-library',
    workerVersion: '0.1.0',
  });
  const reaches = (headers: Record<string, string>): boolean =>
    bindings.some((binding) => Object.entries(headers).some(([name, value]) => binding.arguments?.[name] === value));

  it('reach the worker that they name', () => {
    expect(reaches(directMessageHeaders.everyone())).toBe(true);
    expect(reaches(directMessageHeaders.worker('w-1'))).toBe(true);
    expect(reaches(directMessageHeaders.jobType('validate'))).toBe(true);
    expect(reaches(directMessageHeaders.jobType('thumbnail_generate'))).toBe(true);
  });

  it('reach no other', () => {
    expect(reaches(directMessageHeaders.worker('w-2'))).toBe(false);
    expect(reaches(directMessageHeaders.jobType('reencode_streaming'))).toBe(false);
  });
});
