import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ablationEnv } from '../support/ablation.js';
import { readCues } from '../support/cues.js';
import { attemptStates } from '../support/encodes.js';
import { eventually } from '../support/eventually.js';
import { makeVideo } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startTestWorker } from '../support/test-worker.js';

/** Places on the way to its final name at which the worker of a folder is killed, and whether it has the name by then. */
const DEATHS = [
  ['move-dies-before-it-is-synced', false],
  ['folder-dies-before-the-hidden-name', false],
  ['move-dies-before-the-new-name', false],
  ['move-dies-after-the-new-name', true],
  ['move-dies-before-the-answer', true],
] as const;

let reelay: Reelay;
let inputPath: string;

beforeAll(async () => {
  reelay = await startReelay();
  inputPath = await makeVideo(reelay.mediaRoot, 'film.mp4', [
    ...['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=10:duration=4', '-c:v', 'libx264', '-pix_fmt', 'yuv420p'],
  ]);
});
afterAll(() => reelay.stop());

const namesIn = (folder: string): Promise<string[]> => readdir(join(reelay.mediaRoot, folder)).catch(() => []);

it.concurrent.each(DEATHS)(
  'a worker killed at "%s" leaves a whole sprite or none, and the next attempt ends it',
  async (death, has) => {
    const sprite = `thumbnails/${death}`;
    // What a dead worker leaves in its work folder is cleared by the next one that has it.
    const env = { WORKER_HOST: death, WORK_DIR: join(reelay.mediaRoot, `../work-${death}`) };
    const worker = await startTestWorker(reelay, 'library', death, { ...env, ...ablationEnv(death) });
    await eventually('the worker is announced', async () =>
      (await reelay.api.workers()).some(({ instanceId, live }) => instanceId === death && live),
    );
    const params = { kind: 'sprite', inputPath, outputPath: sprite, count: 8, columns: 2 };
    const id = await reelay.api.submit('thumbnail_generate', params, { target: death });
    expect(await worker.exited).toBe('was ended by SIGKILL');
    expect((await namesIn('thumbnails')).includes(death)).toBe(has);
    if (has) expect(await namesIn(sprite)).toEqual(['sprite', 'sprite.vtt']);

    const next = await startTestWorker(reelay, 'library', `${death}-2`, env);
    const job = await reelay.api.until(id, 'completed', 60_000);
    expect(job.destinationPaths).toEqual([`${sprite}/sprite.vtt`, `${sprite}/sprite/1.jpg`]);
    expect(await attemptStates(reelay, id)).toEqual(['lost', 'completed']);
    expect(job.log.includes('an earlier attempt of this job had published it already')).toBe(has);
    expect(readCues(await readFile(join(reelay.mediaRoot, sprite, 'sprite.vtt'), 'utf8'))).toHaveLength(8);
    await eventually(
      'no hidden name is left',
      async () => !(await namesIn('thumbnails')).some((name) => name.startsWith('.')),
    );
    await next.stop();
  },
);

it('nothing else is left of them', () => expectSound(reelay, { accepted: DEATHS.length, ok: DEATHS.length }));
