import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { planLadder, ResultOf } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveFfmpeg } from '../../tools/lib/ffmpeg.mjs';
import { eventually } from '../support/eventually.js';
import { FileServer, servesRanges } from '../support/file-server.js';
import { addSample, makeLongVideo, makeVideo, probeFile } from '../support/media.js';
import type { Packaged } from '../support/packages.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { jobOf, stepStates, WorkflowApi } from '../support/workflows.js';

const run = promisify(execFile);

/** Real encodes on a machine that may be slow. */
const OVER_WITHIN_MS = 300_000;
const TEST_MS = 360_000;

let reelay: Reelay;
let server: FileServer;
let workflows: WorkflowApi;

beforeAll(async () => {
  const replicas = { 'worker-library': 1, 'worker-encode': 2 };
  [reelay, server] = await Promise.all([
    startReelay({ replicas, env: { DOWNLOAD_ALLOW: 'localhost' } }),
    FileServer.start(),
  ]);
  workflows = new WorkflowApi(reelay);
  await eventually('the workers are announced', async () => (await reelay.api.workers()).length === 3);
});
afterAll(async () => {
  await server.close();
  await reelay.stop();
});

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);
const small = { renditions: [{ height: 180 }, { height: 120 }], speed: 'ultrafast', segmentSeconds: 2 };
const over = async (template: string, input: object) =>
  workflows.until(await workflows.start(template, input), 'completed', OVER_WITHIN_MS);
const nothingLeft = (): Promise<unknown> =>
  eventually('work/ is empty', async () => (await readdir(inLibrary('work'))).length === 0);

describe('encoding_workflow', () => {
  it(
    'shares the work over groups, joins them in one package, and leaves nothing else',
    async () => {
      const inputPath = await addSample(reelay.mediaRoot, 'grouped.mp4');
      const done = await over('encoding_workflow', { inputPath, ...small, groups: 2, outputPath: 'packages/grouped' });
      expect(done.steps.find(({ id }) => id === 'encode')?.branches).toBe(2);
      expect(stepStates(done)).toMatchObject({ download: 'skipped', encode: 'completed', clean_up: 'completed' });
      const { path, masterPath, renditions } = done.output as Packaged;
      expect(path).toBe('packages/grouped');
      expect(renditions.map(({ height }) => height)).toEqual([180, 120]);
      const { ffmpeg } = await resolveFfmpeg();
      const decode = ['-v', 'error', '-i', inLibrary(masterPath), '-map', '0', '-f', 'null', '-'];
      expect((await run(ffmpeg, decode)).stderr).toBe('');
      await nothingLeft();
    },
    TEST_MS,
  );

  it(
    'can be played while it is made, and is closed at its end',
    async () => {
      const inputPath = await makeLongVideo(reelay.mediaRoot, 'progressive.mp4', 30);
      const input = { inputPath, segmentSeconds: 2, outputPath: 'packages/growing', progressive: true, groups: 1 };
      const id = await workflows.start('encoding_workflow', {
        ...input,
        renditions: [{ height: 480 }, { height: 240 }],
      });
      const master = inLibrary('packages/growing/master.m3u8');
      await eventually('a player can begin', () => readFile(master, 'utf8'), OVER_WITHIN_MS);
      const early = await workflows.get(id);
      expect(early.status).toBe('running');
      expect(await readFile(inLibrary('packages/growing/240p/index.m3u8'), 'utf8')).toMatch(/EVENT(?!.*ENDLIST)/s);
      await workflows.until(id, 'completed', OVER_WITHIN_MS);
      expect(await readFile(inLibrary('packages/growing/240p/index.m3u8'), 'utf8')).toMatch(/VOD.*ENDLIST/s);
      await nothingLeft();
    },
    TEST_MS,
  );

  it.each([
    ['another checksum', { algorithm: 'sha256', value: '0'.repeat(64) }, '/film.mp4', 'CHECKSUM_MISMATCH'],
    ['a redirect to an address that is not public', null, '/inwards', 'URL_REFUSED'],
    ['what is no video', null, '/text', 'INPUT_UNREADABLE'],
  ])(
    'fails at its first step for %s, and encodes nothing',
    async (_, checksum, path, code) => {
      server.serve(
        '/film.mp4',
        servesRanges(await readFile(inLibrary(await addSample(reelay.mediaRoot, 'served.mp4')))),
      );
      server.serve('/inwards', (_request, response) => {
        response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
      });
      server.serve('/text', (_request, response) => response.end('no video at all'));
      const url = `http://localhost:${String(server.port)}${path}`;
      const id = await workflows.start('encoding_workflow', {
        url,
        ...(checksum === null ? {} : { checksum }),
        ...small,
      });
      const failed = await workflows.until(id, 'failed', OVER_WITHIN_MS);
      expect(failed.error).toMatchObject({ code });
      expect(stepStates(failed)).toMatchObject({ encode: 'cancelled', package: 'cancelled' });
    },
    TEST_MS,
  );

  it('of nothing is refused at its first step, with what it needs', async () => {
    const failed = await workflows.until(await workflows.start('encoding_workflow', small), 'failed', OVER_WITHIN_MS);
    expect(failed.error).toMatchObject({ code: 'INVALID_PARAMETERS', step: 'probe' });
  });
});

describe('per_title_ladder', () => {
  const perTitle = async (inputPath: string) => {
    const done = await over('per_title_ladder', { inputPath, speed: 'ultrafast' });
    const output = done.output as Packaged & Pick<ResultOf<typeof planLadder>, 'perTitle'>;
    const probed = output.perTitle?.rungs ?? [];
    const offered = output.renditions.map(({ name }) => name);
    expect(offered).toEqual(probed.filter(({ kept }) => kept).map(({ name }) => name));
    return { probed, offered };
  };
  const encoded = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

  it(
    'offers a still picture small and with few bits, and says why',
    async () => {
      const inputPath = await makeVideo(reelay.mediaRoot, 'still.mp4', [
        ...['-f', 'lavfi', '-i', 'color=gray:size=1280x720:rate=25:duration=8', ...encoded],
      ]);
      const { probed, offered } = await perTitle(inputPath);
      expect(offered).toEqual(['360p']);
      for (const { chosenKbps, usualKbps, measured, detail, reason } of probed) {
        expect(chosenKbps).toBeLessThan(usualKbps);
        expect(measured.length).toBeGreaterThan(0);
        expect(detail?.ssim).toBeGreaterThan(0.999);
        expect(reason).not.toBe('');
      }
    },
    TEST_MS,
  );

  it(
    'offers a film that was scaled up no larger than it shows, and says why',
    async () => {
      const sample = await addSample(reelay.mediaRoot, 'before.mp4');
      const inputPath = await makeVideo(reelay.mediaRoot, 'scaled-up.mp4', [
        ...['-i', inLibrary(sample), '-an', '-vf', 'scale=320:180,scale=1280:720', ...encoded],
      ]);
      const { probed, offered } = await perTitle(inputPath);
      expect(offered).toEqual(['360p']);
      expect(probed.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
        '720p: 360p shows as much of it',
        '480p: 360p shows as much of it',
        '360p: its samples take that much at crf 23',
      ]);
      expect(probed.at(-1)?.detail?.ssim).toBeGreaterThan(0.997);
      expect(probed.at(-1)?.detail?.psnr).toBeGreaterThan(45);
    },
    TEST_MS,
  );

  it(
    'offers footage in all sizes, since each shows more than the next smaller one',
    async () => {
      const { probed, offered } = await perTitle(await addSample(reelay.mediaRoot, 'footage.mp4'));
      expect(offered).toEqual(['720p', '480p', '360p']);
      const [large = NaN, middle = NaN, small = NaN] = probed.map(({ detail }) => detail?.ssim);
      expect(large).toBeGreaterThan(0.999);
      expect(middle).toBeLessThan(0.99);
      expect(small).toBeLessThan(middle);
    },
    TEST_MS,
  );
});

describe('chunked_encode', () => {
  it(
    'encodes a film on two workers and joins it, picture for picture, with its sound',
    async () => {
      const inputPath = await makeVideo(reelay.mediaRoot, 'long.mp4', [
        ...['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25:duration=24'],
        ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=24'],
        ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
      ]);
      const done = await over('chunked_encode', { inputPath, preset: 'web-480p', chunkSeconds: 4 });
      const { path, frames, chunks } = done.output as { path: string; frames: number; chunks: number };
      expect([frames, chunks]).toEqual([600, 6]);
      const { streams, format } = await probeFile(inLibrary(path));
      expect(streams.map(({ codec_type }) => codec_type).sort()).toEqual(['audio', 'video']);
      expect(Math.abs(Number(format.duration) - 24)).toBeLessThan(0.2);
      const branches = Array.from({ length: chunks }, async (_, branch) =>
        reelay.api.job(jobOf(done, 'encode', branch)),
      );
      expect(new Set((await Promise.all(branches)).map(({ worker }) => worker)).size).toBe(2);
      await nothingLeft();
    },
    TEST_MS,
  );
});
