import type { KnownFile, LibraryRequest } from '@reelay/contracts';
import type { OutgoingMessage } from '@reelay/messaging';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StopRequest } from './errors.js';
import { LibraryDesk } from './library-records.js';
import type { LibraryRecords } from './processor.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const known = (path: string): KnownFile => ({
  path,
  size_bytes: 1,
  modified_at: null,
  fingerprint: null,
  missing: false,
  inspected: true,
});

function open(signal = new AbortController().signal): {
  desk: LibraryDesk;
  records: LibraryRecords;
  sent: LibraryRequest[];
} {
  const sent: LibraryRequest[] = [];
  const desk = new LibraryDesk('w1', ({ content, routingKey }: OutgoingMessage) => {
    expect(routingKey).toBe('job_library');
    sent.push(content as LibraryRequest);
  });
  return { desk, records: desk.recordsFor(7, signal), sent };
}

type Answer = Parameters<LibraryDesk['answered']>[0];
const answer = (request: LibraryRequest | undefined, rest: Partial<Answer> = {}): Answer => ({
  type: 'library_answer',
  request_id: request?.request_id ?? '',
  ...rest,
});

describe('LibraryDesk', () => {
  it('gets the files of a folder page by page', async () => {
    const { desk, records, sent } = open();
    const all = (async () => {
      const paths: string[] = [];
      for await (const { path } of records.files('videos')) paths.push(path);
      return paths;
    })();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent[0]).toMatchObject({ job_id: 7, instance_id: 'w1', request: { folder: 'videos', after: '' } });
    desk.answered(answer(sent[0], { files: [known('videos/a'), known('videos/b')], more: true }));
    await vi.advanceTimersByTimeAsync(0);
    expect(sent[1]).toMatchObject({ request: { kind: 'files', after: 'videos/b' } });
    desk.answered(answer(sent[1], { files: [known('videos/c')], more: false }));
    expect(await all).toEqual(['videos/a', 'videos/b', 'videos/c']);
    expect(sent).toHaveLength(2);
  });

  it('splits what is too much for one message', async () => {
    const { desk, records, sent } = open();
    const done = records.record(Array.from({ length: 1_500 }, (_, index) => ({ path: String(index) })));
    await vi.advanceTimersByTimeAsync(0);
    desk.answered(answer(sent[0]));
    await vi.advanceTimersByTimeAsync(0);
    desk.answered(answer(sent[1]));
    await done;
    const sizes = sent.map(({ request }) => (request.kind === 'record' ? request.changes.length : 0));
    expect(sizes).toEqual([1_000, 500]);
  });

  it('asks the same again until it is answered', async () => {
    const { desk, records, sent } = open();
    const done = records.withFingerprints(['f']);
    await vi.advanceTimersByTimeAsync(25_000);
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ request_id }) => request_id)).size).toBe(1);
    desk.answered(answer(sent[2], { files: [known('a')] }));
    expect(await done).toEqual([known('a')]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(3);
    desk.answered(answer(sent[2], { files: [] }));
  });

  it('gives up when the job is stopped, and does not ask for one that was', async () => {
    const controller = new AbortController();
    const { records, sent } = open(controller.signal);
    const done = records.record([{ path: 'a' }]);
    const stopped = expect(done).rejects.toThrow('the job was stopped');
    controller.abort(new StopRequest('cancelled'));
    await stopped;
    await expect(records.record([{ path: 'a' }])).rejects.toThrow('the job was stopped');
    expect(sent).toHaveLength(1);
  });

  it('fails when the backend says that the attempt is not its own', async () => {
    const { desk, records, sent } = open();
    const done = expect(records.record([{ path: 'a' }])).rejects.toMatchObject({ code: 'WORKER_LOST' });
    await vi.advanceTimersByTimeAsync(0);
    desk.answered(answer(sent[0], { refused: 'it has ended' }));
    await done;
  });
});
