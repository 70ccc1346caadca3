import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, sleep } from '../support/eventually.js';
import { makeLongVideo, probeFile } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { encodersOf } from '../support/process-tree.js';
import { randomFrom, SEED } from '../support/random.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { faultKinds, KeptWorkers, storm, submitInStorm } from '../support/storm.js';
import { startTestWorker } from '../support/test-worker.js';

/** The full storm is `npm run faults`; every `npm test` runs a short one. */
const JOBS = Number(process.env.FAULT_ENCODES ?? 16);
const FAULTS = Number(process.env.FAULT_ENCODE_COUNT ?? 5);
const CLIP_SECONDS = 2;
const BULK = 8;
const WORKERS = 2;
/** What an encode takes on a slow machine that is also struck, and what is waited for besides. */
const WITHIN_MS = 240_000 + JOBS * 8_000;

let reelay: Reelay;
let workers: KeptWorkers;
let clip: string;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { backend: 2 }, privateServers: true, restart: true });
  clip = await makeLongVideo(reelay.mediaRoot, 'clip.mp4', CLIP_SECONDS);
  let started = 0;
  workers = new KeptWorkers(WORKERS, (index) =>
    startTestWorker(reelay, 'encode', `encode-${String(index)}`, {
      // Every start is a new instance.
      INSTANCE_ID: `encode-${String(index)}-${String(++started)}`,
      AMQP_URL: reelay.amqpUrl,
      WORKER_SLOTS: '2',
    }),
  );
  await eventually('the workers are announced', async () => (await reelay.api.workers()).length >= WORKERS, 60_000);
  await reelay.api.call('PATCH', '/api/media/settings', { limits: { gpu_encode: 4 } });
});
afterAll(async () => {
  await workers.stop();
  await reelay.stop();
});

it(`${String(JOBS)} encodes under ${String(FAULTS)} faults: each has one output, and that is whole (seed ${String(SEED)})`, async () => {
  const striking = storm(
    randomFrom(SEED),
    faultKinds(reelay, () => workers.running),
    FAULTS,
  );
  for (let from = 0; from < JOBS; from += BULK) {
    const jobs = Array.from({ length: Math.min(BULK, JOBS - from) }, () => ({
      type: 'reencode_streaming',
      params: { inputPath: clip, force: true, preset: 'ultrafast' },
    }));
    await submitInStorm(reelay, jobs, `encodes-${String(from)}`);
    await sleep((FAULTS * 2_000 * BULK) / JOBS);
  }
  process.stdout.write(`seed ${String(SEED)}: ${(await striking).join(', ')}\n`);
  await expectSound(reelay, { accepted: JOBS, ok: JOBS }, WITHIN_MS);

  const folder = join(reelay.mediaRoot, 'playback');
  // A worker that died after its answer leaves the hidden second name, which goes when it is old.
  const outputs = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  expect(outputs).toHaveLength(JOBS);
  for (const name of outputs) {
    const { format, streams } = await probeFile(join(folder, name));
    expect(streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
    expect(Math.abs(Number(format.duration) - CLIP_SECONDS)).toBeLessThan(0.2);
  }
  expect(await encodersOf(reelay.mediaRoot)).toEqual([]);
}, 2_400_000);
