import { afterAll, beforeAll, expect, it } from 'vitest';
import { sleep } from '../support/eventually.js';
import { expectSound } from '../support/oracle.js';
import { randomFrom, SEED } from '../support/random.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { TcpProxy, type Passing } from '../support/tcp-proxy.js';
import { startRecordingWorker, type RecordingWorker } from '../support/test-worker.js';

/** `npm run faults` cuts a hundred times. */
const CUTS = Number(process.env.FAULT_CUTS ?? 8);
const SLOTS = 20;
/** Enough that work is always under way, few enough that the broker is not the bottleneck. */
const JOBS_PER_CUT = 15;
const LONGEST_JOB_MS = 400;
/** A connection comes back a second after it was lost. */
const LONGEST_PAUSE_MS = 2_500;
/** Something of every kind goes by at least this often: a worker's status does every 5 s. */
const PASSING_WITHIN_MS = 15_000;

let reelay: Reelay;
let workerLink: TcpProxy;
let worker: RecordingWorker;

beforeAll(async () => {
  reelay = await startReelay({ proxied: true });
  workerLink = await TcpProxy.to(reelay.amqpUrl);
  worker = await startRecordingWorker(reelay, { name: 'recorder', slots: SLOTS, amqpUrl: workerLink.url });
});
afterAll(async () => {
  await worker.service.stop();
  await workerLink.close();
  await reelay.stop();
});

/** The head of an AMQP frame with a method: size, class and method (AMQP 0-9-1, 4.2.3). */
const publishing: Passing = { to: 'server', bytes: Buffer.from([0x00, 0x3c, 0x00, 0x28]) };
const confirming: Passing = { to: 'client', bytes: Buffer.from([0x00, 0x3c, 0x00, 0x50]) };
const acknowledging: Passing = { to: 'server', bytes: Buffer.from([0x00, 0x3c, 0x00, 0x50]) };
const delivering: Passing = { to: 'client', bytes: Buffer.from([0x00, 0x3c, 0x00, 0x3c]) };

/** What is on its way when the connections are cut: it never arrives. */
const MOMENTS: readonly Passing[] = [publishing, confirming, confirming, acknowledging, delivering];

it(`${String(CUTS)} cuts in mid-confirm lose no job, complete none twice and cost no attempt (seed ${String(SEED)})`, async () => {
  const random = randomFrom(SEED);
  const links = [workerLink, reelay.links!.broker];
  let submitted = 0;
  for (let cut = 0; cut < CUTS; cut++) {
    const jobs = Array.from({ length: JOBS_PER_CUT }, () => ({
      type: 'recorded',
      params: { n: submitted++, ms: Math.floor(random() * LONGEST_JOB_MS) },
    }));
    expect((await reelay.api.call('POST', '/api/media/jobs/bulk', { jobs })).status).toBe(201);
    const link = links[Math.floor(random() * links.length)]!;
    const moment = MOMENTS[Math.floor(random() * MOMENTS.length)]!;
    await Promise.race([link.hold(moment), failAfter(PASSING_WITHIN_MS)]);
    link.cut();
    await sleep(random() * LONGEST_PAUSE_MS);
  }
  await expectSound(reelay, { accepted: submitted, ok: submitted, recovered: 0 }, 120_000);
  const done = new Set(worker.runs().flatMap(({ what, n }) => (what === 'done' ? [n] : [])));
  expect(done.size).toBe(submitted);
}, 900_000);

async function failAfter(ms: number): Promise<never> {
  await sleep(ms);
  throw new Error(`nothing of that kind went by within ${String(ms)} ms`);
}
