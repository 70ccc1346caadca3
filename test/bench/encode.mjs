// An encode through Reelay beside the same ffmpeg command by itself; what needs no encode beside one that does.
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { figure } from './figures.mjs';
import { timedJob, watchEnds } from './jobs.mjs';
import { withMediaWorker } from './bench-stack.mjs';

const run = promisify(execFile);

/** Turns of each; the median counts. A shared machine's cores differ by a tenth from one turn to the next. */
const TURNS = 5;
const SECONDS_OF_FILM = 20;
/** What an encode through Reelay may take more than the command: this share, and this many seconds. */
const OVERHEAD_SHARE = 0.05;
const OVERHEAD_SECONDS = 0.3;
const ENCODE = { preset: 'medium', crf: 23, targetBitrate: 8000 };

/** @param {readonly number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** @type {import('./benches.mjs').Measure} */
export async function measure(context) {
  const { ffmpeg, film } = await makeFilm(context);
  const watch = await watchEnds(context.amqpUrl);
  try {
    return await withMediaWorker(context, 'worker-encode', async () => [
      await overhead(context, watch, ffmpeg, film),
      ...(await shortcuts(context, watch, film)),
    ]);
  } finally {
    await watch.close();
  }
}

/**
 * A film that takes some seconds to encode, and that fits a stream once it is encoded.
 * @param {import('./benches.mjs').Context} context
 */
async function makeFilm({ media }) {
  const [ffmpeg = 'ffmpeg', root = ''] = [media.FFMPEG_PATH, media.MEDIA_ROOT];
  const film = 'inbox/bench-film.mkv';
  await run(ffmpeg, [
    ...['-nostdin', '-v', 'error', '-y'],
    ...['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=30:duration=${SECONDS_OF_FILM}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:duration=${SECONDS_OF_FILM}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '18', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
    join(root, film),
  ]);
  return { ffmpeg, film };
}

/**
 * @param {import('./benches.mjs').Context} context
 * @param {Awaited<ReturnType<typeof watchEnds>>} watch
 * @param {string} ffmpeg
 * @param {string} film
 */
async function overhead(context, watch, ffmpeg, film) {
  const root = context.media.MEDIA_ROOT ?? '';
  const bareOutput = join(context.dataDir, 'bare.mp4');
  const { preset, crf, targetBitrate } = ENCODE;
  const bare = [
    ...['-nostdin', '-y', '-v', 'error', '-i', join(root, film)],
    ...['-map', '0:V:0', '-map', '0:a:0?', '-map_metadata', '0'],
    ...['-c:v', 'libx264', '-preset', preset, '-crf', String(crf), '-maxrate', `${targetBitrate}k`],
    ...['-bufsize', `${targetBitrate * 2}k`, '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '128k'],
    ...['-movflags', '+faststart', '-f', 'mp4', bareOutput],
  ];
  /** @type {{ reelay: number[], bare: number[] }} */
  const times = { reelay: [], bare: [] };
  const encodeBare = async () => {
    const start = performance.now();
    await run(ffmpeg, bare);
    times.bare.push((performance.now() - start) / 1000);
  };
  const encodeByReelay = async () => {
    const params = { inputPath: film, ...ENCODE };
    const { seconds, job } = await timedJob(context, watch, { type: 'reencode_streaming', params });
    times.reelay.push(seconds);
    await forget(root, job);
  };
  // Turn by turn, each first in its turn by turns: what else the machine does, and what the one leaves to be written
  // to disk while the other runs, falls on both.
  for (let turn = 0; turn < TURNS; turn++) {
    const pair = [encodeBare, encodeByReelay];
    for (const encode of turn % 2 === 0 ? pair : pair.reverse()) await encode();
  }
  await rm(bareOutput, { force: true });
  const [value, reference] = [median(times.reelay), median(times.bare)];
  return figure({
    ...{ bench: 'encode', figure: 'overhead', unit: 's', value, reference, of: 'the same ffmpeg command' },
    limit: { atMost: Math.round((1 + OVERHEAD_SHARE + OVERHEAD_SECONDS / reference) * 1000) / 1000 },
    ...{ turns: TURNS, moreSeconds: Math.round((value - reference) * 1000) / 1000 },
  });
}

/**
 * @param {import('./benches.mjs').Context} context
 * @param {Awaited<ReturnType<typeof watchEnds>>} watch
 * @param {string} film
 */
async function shortcuts(context, watch, film) {
  const root = context.media.MEDIA_ROOT ?? '';
  const encode = (/** @type {string} */ inputPath, more = {}) =>
    timedJob(context, watch, { type: 'reencode_streaming', params: { inputPath, ...ENCODE, ...more } });
  const encoded = await encode(film);
  const [fitting = ''] = encoded.job.destinationPaths ?? [];
  const again = await encode(fitting, { force: true });
  const remux = await encode(fitting);
  const trim = await timedJob(context, watch, {
    type: 'trim',
    params: { inputPath: fitting, start: 1.5, end: SECONDS_OF_FILM - 1.5, accurate: true },
  });
  for (const { job } of [encoded, again, remux, trim]) await forget(root, job);
  await rm(join(root, film), { force: true });
  const facts = { bench: 'encode', unit: 's', value: again.seconds, of: 'through Reelay' };
  return [
    figure({
      ...{ ...facts, figure: 'an encode beside a remux', reference: remux.seconds, limit: { atLeast: 10 } },
      mode: remux.job.result?.mode,
    }),
    figure({ ...facts, figure: 'an encode beside an accurate trim', reference: trim.seconds, limit: { atLeast: 1 } }),
  ];
}

/** @param {string} root @param {import('@reelay/contracts').JobDetail} job */
async function forget(root, job) {
  for (const path of job.destinationPaths ?? []) await rm(join(root, path), { force: true });
}
