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
  'direct-answer-taken': { type: 'answer_taken', job_id: 1234, taken: false, over: true },
  'direct-library-answer': {
    type: 'library_answer',
    request_id: '0b7e9a52-6f4e-4f2a-9a4e-0d2f6a1c8b11',
    files: [
      {
        path: 'videos/a.mp4',
        size_bytes: 1_048_576,
        modified_at: '2026-02-13T10:30:00.123Z',
        fingerprint: '9f86d081884c7d659a2feaa0c55ad015',
        missing: false,
        inspected: true,
      },
    ],
    more: false,
  },
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
