import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { joinChunks, segmentFilm, submitChunks } from '../support/chunked.js';
import { attemptsOf } from '../support/encodes.js';
import { eventually } from '../support/eventually.js';
import { countPictures, makeLongVideo } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { encodersOf, isAlive } from '../support/process-tree.js';
import { startReelay, type Reelay } from '../support/reelay.js';

/** Three chunks of eight seconds and a little more each: long enough to be killed in the middle. */
const FILM_SECONDS = 26;
const CHUNK_SECONDS = 8;
const TEST_MS = 400_000;

const ENCODING = { preset: 'web-720p', overrides: { video: { speed: 'veryfast' } } };

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-encode': 3 }, env: { FFMPEG_THREADS: '1', WORKER_SLOTS: '1' } });
});
afterAll(() => reelay.stop());

it(
  'a worker killed in mid-chunk costs that chunk only, and the film is whole',
  async () => {
    const inputPath = await makeLongVideo(reelay.mediaRoot, 'film.mp4', FILM_SECONDS);
    const plan = await segmentFilm(reelay, inputPath, CHUNK_SECONDS);
    expect(plan.chunks).toHaveLength(3);
    const ids = await submitChunks(reelay, inputPath, plan, ENCODING);
    const second = ids[1] ?? '';
    await eventually(
      'the second chunk is under way',
      async () => (await reelay.api.job(second)).progress >= 10,
      120_000,
    );
    const [encoder] = (await encodersOf(reelay.mediaRoot)).filter(({ command }) => command.includes('-chunk-0001.'));
    if (!encoder) throw new Error('there is progress, but no ffmpeg');
    process.kill(encoder.parent, 'SIGKILL');
    await eventually('the orphaned ffmpeg is gone', async () => !(await isAlive(encoder.pid)), 10_000);

    const { joined } = await joinChunks(reelay, inputPath, ids, ENCODING);
    const attempts = await Promise.all(ids.map((id) => attemptsOf(reelay, id)));
    expect(attempts.map((each) => each.map(({ status }) => status))).toEqual([
      ['completed'],
      ['lost', 'completed'],
      ['completed'],
    ]);
    const [first, again] = attempts[1] ?? [];
    expect(first?.worker).not.toBe(again?.worker);
    // Several workers had a share of the film.
    expect(new Set(attempts.flat().map(({ worker }) => worker)).size).toBeGreaterThan(1);
    expect(joined).toMatchObject({ frames: FILM_SECONDS * 30, parts: 3 });
    expect(await countPictures(join(reelay.mediaRoot, joined.outputPath))).toBe(FILM_SECONDS * 30);
    await expectSound(reelay, { accepted: 5, ok: 5, recovered: 1 });
  },
  TEST_MS,
);
