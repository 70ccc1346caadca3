import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { expectSound } from '../support/oracle.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { startRecordingWorker, type RecordingWorker } from '../support/test-worker.js';

const HEARTBEAT_SECONDS = 2;
/** Twice the heartbeat, with room for a slow machine; the default heartbeat would not be missed by then. */
const NOTICED_WITHIN_MS = 2 * HEARTBEAT_SECONDS * 1_000 + 8_000;
/** Longer than it takes to notice, so that the work ends while nobody can be told. */
const WORK_MS = 2 * HEARTBEAT_SECONDS * 1_000 + 1_000;

let reelay: Reelay;
let workerLink: TcpProxy;
let worker: RecordingWorker;
let submitted = 0;

beforeAll(async () => {
  reelay = await startReelay({ proxied: true, heartbeat: HEARTBEAT_SECONDS });
  workerLink = await TcpProxy.to(reelay.amqpUrl);
  const amqpUrl = `${workerLink.url}?heartbeat=${String(HEARTBEAT_SECONDS)}`;
  worker = await startRecordingWorker(reelay, { name: 'recorder', slots: 5, amqpUrl });
});
afterAll(async () => {
  await worker.service.stop();
  await workerLink.close();
  await reelay.stop();
});

/** Starts a job and waits until its work is under way. */
async function workInProgress(): Promise<string> {
  const n = submitted++;
  const id = await reelay.api.submit('recorded', { n, ms: WORK_MS });
  await reelay.api.until(id, 'running');
  return id;
}

/** Its first attempt completed it, and the work was done once. */
async function completesUndisturbed(id: string): Promise<void> {
  await reelay.api.until(id, 'completed', 60_000);
  await expectSound(reelay, { accepted: submitted, ok: submitted, recovered: 0 });
  expect(worker.runs().filter(({ what }) => what === 'done')).toHaveLength(submitted);
}

const readiness = () => reelay.api.problem('GET', '/health/ready');

describe('a broker that falls silent without a word', () => {
  it('is noticed by the backend within two heartbeats; the job that runs goes on', async () => {
    const id = await workInProgress();
    reelay.links!.broker.blackhole();
    const answer = await eventually(
      'the backend knows',
      async () => {
        const { status, body } = await readiness();
        return status === 200 ? null : body;
      },
      NOTICED_WITHIN_MS,
    );
    expect(answer).toMatchObject({
      status: 503,
      code: 'NOT_READY',
      detail: expect.stringContaining('broker') as string,
    });
    const parked = await reelay.api.problem('GET', '/api/media/parked');
    expect([parked.status, parked.body.code]).toEqual([503, 'BROKER_UNAVAILABLE']);
    reelay.links!.broker.pass();
    await eventually('the backend is back', async () => (await readiness()).status === 200, 60_000);
    await completesUndisturbed(id);
  });

  it('is noticed by a worker, whose answer arrives over a new connection', async () => {
    const id = await workInProgress();
    workerLink.blackhole();
    await eventually(
      'the work is done',
      () => worker.runs().filter(({ what }) => what === 'done').length === submitted,
    );
    workerLink.pass();
    await completesUndisturbed(id);
  });
});
