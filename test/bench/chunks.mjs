// A chunked encode by two replicas of an encoder with one thread each, beside one of them.
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withMediaWorker } from './bench-stack.mjs';
import { figure } from './figures.mjs';
import { timedWorkflow, watchEnds } from './jobs.mjs';

const run = promisify(execFile);

/** Turns of each; the median counts. */
const TURNS = 3;
const SECONDS_OF_FILM = 48;
const CHUNK_SECONDS = 6;
/** How much quicker two are than one. */
const LEAST = 1.6;

/** @param {readonly number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** @type {import('./benches.mjs').Measure} */
export async function measure(context) {
  const root = context.media.MEDIA_ROOT ?? '';
  const film = 'inbox/bench-chunks.mkv';
  await run(context.media.FFMPEG_PATH ?? 'ffmpeg', [
    ...['-nostdin', '-v', 'error', '-y'],
    ...['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=25:duration=${SECONDS_OF_FILM},noise=alls=12:allf=t`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:duration=${SECONDS_OF_FILM}`],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-g', '50', '-sc_threshold', '0'],
    ...['-pix_fmt', 'yuv420p', '-c:a', 'aac', join(root, film)],
  ]);
  const watch = await watchEnds(context.amqpUrl);
  const input = { inputPath: film, chunkSeconds: CHUNK_SECONDS };
  const encode = async () => {
    const { seconds, workflow } = await timedWorkflow(context, watch, { template: 'chunked_encode', input });
    const { path } = /** @type {{ path: string }} */ (workflow.output);
    await rm(join(root, path));
    return seconds;
  };
  const withOne = (/** @type {() => Promise<number>} */ work) =>
    withMediaWorker(context, 'worker-encode', work, ONE_THREAD);
  /** @type {{ one: number[], two: number[] }} */
  const times = { one: [], two: [] };
  try {
    await withMediaWorker(context, 'worker-library', async () => {
      // Turn by turn, so that whatever else the machine does falls on both.
      for (let turn = 0; turn < TURNS; turn++) {
        times.one.push(await withOne(encode));
        times.two.push(await withOne(() => withOne(encode)));
      }
    });
  } finally {
    await watch.close();
    await rm(join(root, film), { force: true });
  }
  return [
    figure({
      ...{ bench: 'chunks', figure: 'a chunked encode by one replica beside two', unit: 's' },
      ...{ value: median(times.one), reference: median(times.two), of: 'two replicas, one thread each' },
      ...{ limit: { atLeast: LEAST }, turns: TURNS },
    }),
  ];
}

const ONE_THREAD = { FFMPEG_THREADS: '1' };
