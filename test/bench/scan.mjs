// The second scan of a folder beside the first: what did not change is not opened.
import { link, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { withMediaWorker } from './bench-stack.mjs';
import { figure } from './figures.mjs';
import { timedJob, watchEnds } from './jobs.mjs';

const run = promisify(execFile);

/** Files that the folder's names are links to. */
const ORIGINALS = 5;
/** Names of one folder; a library has many. */
const PER_FOLDER = 500;

/** @type {import('./benches.mjs').Measure} */
export async function measure(context) {
  const folder = 'videos/bench-scan';
  const absolute = join(context.media.MEDIA_ROOT ?? '', folder);
  await rm(absolute, { recursive: true, force: true });
  await fill(absolute, context);
  const watch = await watchEnds(context.amqpUrl);
  try {
    return await withMediaWorker(context, 'worker-library', async () => {
      const scan = () => timedJob(context, watch, { type: 'scan', params: { folder } });
      const [first, second] = [await scan(), await scan()];
      const probes = [first, second].map(({ job }) => Number(job.result?.probes));
      return [
        figure({
          ...{ bench: 'scan', figure: 'the first scan', unit: 's', value: first.seconds, reference: second.seconds },
          ...{ of: 'the second scan', limit: { atLeast: 20 }, files: context.files, probes },
          ...{
            kept: first.seconds / second.seconds >= 20 && probes[1] === 0 && first.job.result?.added === context.files,
          },
        }),
      ];
    });
  } finally {
    await watch.close();
    await rm(absolute, { recursive: true, force: true });
  }
}

/** @param {string} folder @param {import('./benches.mjs').Context} context */
async function fill(folder, { files, media }) {
  await mkdir(folder, { recursive: true });
  const originals = Array.from({ length: ORIGINALS }, (_, index) => join(folder, `original-${index}.mp4`));
  for (const [index, file] of originals.entries()) {
    await run(media.FFMPEG_PATH ?? 'ffmpeg', [
      ...['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25:duration=${index + 1}`],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', file],
    ]);
  }
  for (let index = ORIGINALS; index < files; index++) {
    const part = join(folder, String(Math.floor(index / PER_FOLDER)));
    if (index === ORIGINALS || index % PER_FOLDER === 0) await mkdir(part, { recursive: true });
    await link(originals[index % ORIGINALS] ?? '', join(part, `film-${index}.mp4`));
  }
}
