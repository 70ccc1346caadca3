import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResultOf, tagGeneration } from '@reelay/contracts';
import { openMedia } from '@reelay/media';
import { PauseSwitch, runProcessor } from '@reelay/worker-sdk/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TagGenerationProcessor } from '../../apps/worker-analyze/dist/tag-generation/tag-generation.processor.js';
import { mediaSettings } from '../support/media-settings.js';
import { eventually, sleep } from '../support/eventually.js';
import { makeLongVideo, makeVideo } from '../support/media.js';
import { encodersOf, stateOf } from '../support/process-tree.js';

const WIDTH = 64;
const HEIGHT = 64;
const COLOURS = ['red', 'green', 'blue'];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-tags-'));
  await mkdir(join(folder, 'inbox'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Names the colour of the middle of a picture, and of the grey of its upper left corner, where there is a bar. */
const colourModel = {
  name: 'colours',
  input: { width: WIDTH, height: HEIGHT },
  labels: [...COLOURS, 'grey', 'other'],
  detect(rgb: Uint8Array) {
    const at = (x: number, y: number): number[] => [...rgb.subarray((y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3)];
    const middle = at(WIDTH / 2, HEIGHT / 2);
    const bar = at(1, 1).every((value) => value > 100 && value < 156) ? 'grey' : 'other';
    const colour = COLOURS[middle.findIndex((value) => value > 100)] ?? 'other';
    return Promise.resolve([colour, bar].map((label) => ({ label, confidence: 1, box: null })));
  },
};

async function processor(model: Pick<typeof colourModel, 'detect'> = colourModel): Promise<TagGenerationProcessor> {
  const media = await openMedia(await mediaSettings(folder), []);
  return new TagGenerationProcessor(media.ffmpeg, media.library, { ...colourModel, ...model });
}

/** A film that is red, then green, then blue, each for so many seconds, at so many pictures a second. */
const threeColours = (name: string, seconds: number, rate: string, more: readonly string[] = []): Promise<string> =>
  makeVideo(folder, name, [
    ...COLOURS.flatMap((colour) => [
      ...['-f', 'lavfi', '-i', `color=${colour === 'green' ? 'lime' : colour}:s=128x64:r=${rate}:d=${String(seconds)}`],
    ]),
    ...['-filter_complex', '[0][1][2]concat=n=3', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '5', ...more],
  ]);

it.each([
  ['close together', 'near.mp4', 2, '25', 1, [0.5, 1.5]],
  ['close together, of a film with fewer pictures', 'slow.mkv', 4, '1/2', 1, [0.5, 1.5, 2.5, 3.5]],
  ['far apart', 'far.mp4', 20, '10', 10, [5, 15]],
])('pictures that lie %s are those that are shown at their times', async (_, name, seconds, rate, every, times) => {
  const inputPath = await threeColours(name, seconds, rate);
  const run = await runProcessor(await processor(), { inputPath, everySeconds: every });
  const { tags, framesLooked } = (run.outcome as { result?: unknown }).result as ResultOf<typeof tagGeneration>;
  expect(framesLooked).toBe(3 * times.length);
  for (const [index, colour] of COLOURS.entries()) {
    expect(tags.find(({ tag }) => tag === colour)?.times).toEqual(times.map((time) => time + index * seconds));
  }
  // The film is wide: above and below it the model's input is grey.
  expect(tags.find(({ tag }) => tag === 'grey')?.times).toHaveLength(framesLooked);
  const percents = run.progress.map(({ percent }) => percent);
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  expect(run.progress.at(-1)).toMatchObject({ percent: 100, etaSeconds: 0 });
});

it('a film whose picture begins late keeps its times', async () => {
  const late = await threeColours('late.mkv', 2, '25', ['-output_ts_offset', '2', '-an']);
  const withSound = await makeVideo(folder, 'late-with-sound.mkv', [
    ...['-f', 'lavfi', '-i', 'sine=duration=8', '-copyts', '-i', join(folder, late)],
    ...['-map', '0:a', '-map', '1:v', '-c:v', 'copy'],
  ]);
  const { outcome } = await runProcessor(await processor(), { inputPath: withSound, everySeconds: 1 });
  expect(outcome).toMatchObject({
    result: { tags: expect.arrayContaining([expect.objectContaining({ tag: 'blue', times: [6.5, 7.5] })]) as unknown },
  });
});

it('a paused job looks no further, and goes on where it was', async () => {
  const inputPath = await makeLongVideo(folder, 'long.mp4', 20);
  const pause = new PauseSwitch();
  let looked = 0;
  const slow = {
    async detect(rgb: Uint8Array) {
      await sleep(20);
      return colourModel.detect(rgb);
    },
  };
  const running = runProcessor(
    await processor(slow),
    { inputPath, everySeconds: 0.1, maxFrames: 1000 },
    { pause, onProgress: () => (looked += 1) },
  );
  await eventually('it looks', () => looked > 3);
  pause.pause();
  const [ffmpeg] = await encodersOf(folder);
  await eventually('ffmpeg is stopped', async () => (await stateOf(ffmpeg!.pid)) === 'T');
  const before = looked;
  await sleep(1_000);
  // The one that it was looking at comes to its end.
  expect(looked - before).toBeLessThanOrEqual(1);
  pause.resume();
  expect((await running).outcome).toMatchObject({ kind: 'completed', result: { framesLooked: 200 } });
});

it('a model that breaks ends the job with its own error, and ffmpeg with it', async () => {
  const inputPath = await makeLongVideo(folder, 'longer.mp4', 20);
  const broken = { detect: () => Promise.reject(Object.assign(new Error('it broke'), { code: 'VISION_FAILED' })) };
  const { outcome } = await runProcessor(await processor(broken), { inputPath, everySeconds: 0.1, maxFrames: 1000 });
  expect(outcome).toMatchObject({ kind: 'failed', code: 'VISION_FAILED', retryable: true, message: 'it broke' });
  await eventually('no ffmpeg is left', async () => (await encodersOf(folder)).length === 0);
});
