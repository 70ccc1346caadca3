// A ladder of four renditions, packaged for HLS and DASH, beside the one ffmpeg command that makes the same four.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { withMediaWorker } from './bench-stack.mjs';
import { figure } from './figures.mjs';
import { timedJob, timedWorkflow, watchEnds } from './jobs.mjs';

const run = promisify(execFile);

/** Turns of each; the median counts. */
const TURNS = 3;
const SECONDS_OF_FILM = 40;
const HEIGHTS = [720, 480, 360, 240];
/** What a ladder may take of the time of the command. */
const MOST = 1.1;
/** Part of a progressive ladder's time after which a player can begin. */
const PLAYABLE_MOST = 0.3;
/** How often it is looked whether a player can begin, in ms. */
const LOOK_MS = 20;

/** @param {readonly number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** @type {import('./benches.mjs').Measure} */
export async function measure(context) {
  const film = await makeFilm(context);
  const watch = await watchEnds(context.amqpUrl);
  try {
    // Whatever a workflow asks for on the way, as in a real stack.
    return await withMediaWorker(context, 'worker-library', () =>
      withMediaWorker(context, 'worker-encode', async () => [
        await beside(context, watch, film),
        await playable(context, watch, film),
      ]),
    );
  } finally {
    await watch.close();
    await rm(join(rootOf(context), film), { force: true });
  }
}

/** @param {import('./benches.mjs').Context} context */
const rootOf = ({ media }) => media.MEDIA_ROOT ?? '';

/**
 * Pictures that move and have some noise, as a camera's do.
 * @param {import('./benches.mjs').Context} context
 */
async function makeFilm(context) {
  const film = 'inbox/bench-ladder.mkv';
  await run(context.media.FFMPEG_PATH ?? 'ffmpeg', [
    ...['-nostdin', '-v', 'error', '-y'],
    ...['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=25:duration=${SECONDS_OF_FILM},noise=alls=12:allf=t`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:duration=${SECONDS_OF_FILM}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '18', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
    join(rootOf(context), film),
  ]);
  return film;
}

const renditions = HEIGHTS.map((height) => ({ height }));

/**
 * @param {import('./benches.mjs').Context} context
 * @param {Awaited<ReturnType<typeof watchEnds>>} watch
 * @param {string} film
 */
async function beside(context, watch, film) {
  const plan = await timedJob(context, watch, { type: 'plan_ladder', params: { inputPath: film, renditions } });
  const ladder = /** @type {import('@reelay/contracts').ResultOf<typeof import('@reelay/contracts').planLadder>} */ (
    /** @type {unknown} */ (plan.job.result)
  );
  /** @type {{ reelay: number[], bare: number[] }} */
  const times = { reelay: [], bare: [] };
  // Turn by turn, so that whatever else the machine does falls on both.
  for (let turn = 0; turn < TURNS; turn++) {
    times.bare.push(await bareLadder(context, film, ladder));
    const { seconds, workflow } = await timedWorkflow(context, watch, {
      template: 'encoding_workflow',
      input: { inputPath: film, renditions },
    });
    times.reelay.push(seconds);
    await rm(join(rootOf(context), packageOf(workflow)), { recursive: true });
  }
  const [value, reference] = [median(times.reelay), median(times.bare)];
  return figure({
    ...{ bench: 'ladder', figure: 'four renditions, packaged', unit: 's', value, reference },
    ...{ of: 'one ffmpeg command that makes the same four', limit: { atMost: MOST }, turns: TURNS },
  });
}

/**
 * The same renditions by one command: one decode, four encoders, segments of each.
 * @param {import('./benches.mjs').Context} context
 * @param {string} film
 * @param {import('@reelay/contracts').ResultOf<typeof import('@reelay/contracts').planLadder>} ladder
 */
async function bareLadder(context, film, { renditions: rungs, audio, gopFrames, segmentSeconds }) {
  const folder = join(context.dataDir, 'bare-ladder');
  const hls = ['-f', 'hls', '-hls_time', String(segmentSeconds), '-hls_list_size', '0', '-hls_segment_type', 'fmp4'];
  const heads = rungs.map((_, index) => `[s${index}]`).join('');
  const scales = rungs.map(({ width, height }, index) => `[s${index}]scale=${width}:${height}[v${index}]`);
  for (const name of [...rungs.map(({ name }) => name), 'audio']) await mkdir(join(folder, name), { recursive: true });
  const start = performance.now();
  await run(context.media.FFMPEG_PATH ?? 'ffmpeg', [
    ...['-nostdin', '-v', 'error', '-y', '-i', join(rootOf(context), film)],
    ...['-filter_complex', [`[0:v:0]split=${rungs.length}${heads}`, ...scales].join(';')],
    ...rungs.flatMap(({ name, videoBitrateKbps, maxrateKbps, bufsizeKbps }, index) => [
      ...['-map', `[v${index}]`, '-c:v', 'libx264', '-preset', 'medium', '-profile:v', 'high', '-pix_fmt', 'yuv420p'],
      ...['-b:v', `${videoBitrateKbps}k`, '-maxrate', `${maxrateKbps}k`, '-bufsize', `${bufsizeKbps}k`],
      ...['-g', String(gopFrames), '-keyint_min', String(gopFrames), '-sc_threshold', '0'],
      ...hls,
      join(folder, name, 'playlist.m3u8'),
    ]),
    ...['-map', '0:a:0', '-c:a', 'aac', '-b:a', `${audio?.bitrateKbps ?? 128}k`, ...hls],
    join(folder, 'audio', 'playlist.m3u8'),
  ]);
  const seconds = (performance.now() - start) / 1000;
  await rm(folder, { recursive: true });
  return seconds;
}

/**
 * @param {import('./benches.mjs').Context} context
 * @param {Awaited<ReturnType<typeof watchEnds>>} watch
 * @param {string} film
 */
async function playable(context, watch, film) {
  const folder = 'packages/bench-progressive';
  const master = join(rootOf(context), folder, 'master.m3u8');
  const start = performance.now();
  let first = NaN;
  const looking = setInterval(() => {
    if (Number.isNaN(first) && existsSync(master)) first = (performance.now() - start) / 1000;
  }, LOOK_MS);
  try {
    const { seconds } = await timedWorkflow(context, watch, {
      template: 'encoding_workflow',
      input: { inputPath: film, renditions, outputPath: folder, progressive: true },
    });
    return figure({
      ...{ bench: 'ladder', figure: 'time until a player can begin', unit: 's', value: first, reference: seconds },
      ...{ of: 'the whole ladder, published while it is made', limit: { atMost: PLAYABLE_MOST } },
    });
  } finally {
    clearInterval(looking);
    await rm(join(rootOf(context), folder), { recursive: true, force: true });
  }
}

/** @param {import('@reelay/contracts').WorkflowDetail} workflow */
function packageOf({ output }) {
  const { path } = /** @type {{ path: string }} */ (output);
  return path;
}
