import { afterAll, beforeAll, it } from 'vitest';
import { eventually, sleep } from '../support/eventually.js';
import { expectSound } from '../support/oracle.js';
import { randomFrom, SEED } from '../support/random.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { faultKinds, KeptWorkers, storm, submitInStorm } from '../support/storm.js';
import { startNoopWorker } from '../support/test-worker.js';

/** The full storm is `npm run faults`; every `npm test` runs a short one. */
const JOBS = Number(process.env.FAULT_JOBS ?? 1_500);
const FAULTS = Number(process.env.FAULT_COUNT ?? 6);
const BULK = 100;
const WORKERS = 2;
const SLOTS = 50;
const WITHIN_MS = 240_000;

let reelay: Reelay;
let workers: KeptWorkers;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { backend: 2 }, privateServers: true, restart: true });
  workers = new KeptWorkers(WORKERS, (index) =>
    startNoopWorker(reelay, { name: `noop-${String(index)}`, slots: SLOTS }),
  );
  await eventually('the workers are announced', async () => (await reelay.api.workers()).length >= WORKERS);
  await reelay.api.call('PATCH', '/api/media/settings', { limits: { cpu: 1_000 } });
});
afterAll(async () => {
  await workers.stop();
  await reelay.stop();
});

it(`${String(JOBS)} jobs under ${String(FAULTS)} faults: none is lost, none is completed twice (seed ${String(SEED)})`, async () => {
  const striking = storm(
    randomFrom(SEED),
    faultKinds(reelay, () => workers.running),
    FAULTS,
  );
  for (let from = 0; from < JOBS; from += BULK) {
    const jobs = Array.from({ length: BULK }, (_, n) => ({ type: 'bench_noop', params: { n: from + n } }));
    await submitInStorm(reelay, jobs, `storm-${String(from)}`);
    await sleep((FAULTS * 2_000 * BULK) / JOBS);
  }
  process.stdout.write(`seed ${String(SEED)}: ${(await striking).join(', ')}\n`);
  await expectSound(reelay, { accepted: JOBS, ok: JOBS }, WITHIN_MS);
}, 600_000);
