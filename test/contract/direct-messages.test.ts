import { directMessage, directMessageHeaders, directMessagingQueue, type DirectMessage } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { golden, goldenNames, INSTANCE_ID, onTheWire } from './golden.js';

/** Each message as the backend builds it: the type is what binds it to the protocol. */
const MESSAGES = {
  'direct-status': { type: 'status' },
  'direct-stop-process': { type: 'stop_process', job_id: 1234 },
  'direct-pause-process': { type: 'pause_process', job_id: 1234 },
  'direct-resume-process': { type: 'resume_process', job_id: 1234 },
  'direct-init-process': { type: 'init_process', job_id: 1234 },
  'direct-start-process': { type: 'start_process', job_id: 1234 },
  'direct-stop-consuming-jobs': { type: 'stop_consuming_jobs' },
  'direct-resume-consuming-jobs': { type: 'resume_consuming_jobs' },
  'direct-stop-worker': { type: 'stop_worker' },
} as const satisfies Record<string, DirectMessage>;

describe.each(Object.entries(MESSAGES))('%s', (name, message) => {
  it('is what the backend sends', () => {
    expect(onTheWire(message)).toStrictEqual(golden(name));
  });

  it('is read by the worker without a loss', () => {
    expect(directMessage.parse(golden(name))).toStrictEqual(golden(name));
  });
});

describe('direct messages', () => {
  it('have a golden message for each type', () => {
    const types = directMessage.options.map(({ shape }) => shape.type.value);
    const inGolden = goldenNames.filter((name) => name.startsWith('direct-')).map((name) => golden(name).type);
    expect(inGolden.sort()).toEqual(types.sort());
  });

  it('find the bindings of the worker that they are meant for', () => {
    const { bindings } = directMessagingQueue({
      instanceId: INSTANCE_ID,
      jobTypes: ['reencode_streaming'],
      workerName: 'worker-encode',
      workerVersion: '0.3.1',
    });
    const addresses = bindings.map(({ exchange, arguments: headers }) => ({ exchange, ...headers }));
    for (const headers of [
      directMessageHeaders.everyone(),
      directMessageHeaders.worker(INSTANCE_ID),
      directMessageHeaders.jobType('reencode_streaming'),
    ]) {
      expect(addresses).toContainEqual(
        expect.objectContaining({ exchange: 'direct_messaging', 'x-match': 'any', ...headers }),
      );
    }
  });
});
