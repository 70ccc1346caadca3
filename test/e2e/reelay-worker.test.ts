import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { discoveryMessage, JOB_CONTRACTS } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveFfmpeg } from '../../tools/lib/ffmpeg.mjs';
import { addSample, probeFile } from '../support/media.js';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'node_modules/.bin/reelay-worker');

let folder: string;
let env: Record<string, string>;
let sample: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-worker-'));
  for (const name of ['inbox', 'thumbnails', 'playback']) await mkdir(join(folder, name));
  sample = await addSample(folder);
  const { ffmpeg, ffprobe } = await resolveFfmpeg();
  env = {
    PATH: process.env.PATH ?? '',
    MEDIA_ROOT: folder,
    FFMPEG_PATH: ffmpeg,
    FFPROBE_PATH: ffprobe,
    WORK_DIR: join(folder, 'work'),
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const reelayWorker = (args: readonly string[], more: Record<string, string> = {}): Promise<Run> =>
  new Promise((resolve) => {
    execFile(program, [...args], { cwd: root, env: { ...env, ...more } }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, stdout, stderr });
    });
  });

async function order(type: string, parameters: Record<string, unknown>): Promise<string> {
  const file = join(folder, `${type}.json`);
  await writeFile(
    file,
    JSON.stringify({
      job_id: 1,
      parameters: Object.entries(parameters).map(([id, value]) => ({ id, type: 'string', value })),
      reelay: { job: '770e8400-e29b-41d4-a716-446655440002', attempt: 1, type },
    }),
  );
  return file;
}

describe('reelay-worker', () => {
  it('describes what the workers announce, one line for each job type', async () => {
    const { code, stdout } = await reelayWorker(['describe']);
    expect(code).toBe(0);
    const announced = stdout
      .trim()
      .split('\n')
      .map((line) => discoveryMessage.parse(JSON.parse(line)));
    expect(announced.map(({ queue_name }) => queue_name).sort()).toEqual([...JOB_CONTRACTS.keys()]);
    expect(announced.every(({ parameters }) => parameters.type === 'object')).toBe(true);
  });

  it('runs one order with no broker', async () => {
    const { code, stdout, stderr } = await reelayWorker([
      'run',
      await order('thumbnail_generate', { inputPath: sample }),
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'completed', destinationPaths: ['thumbnails/sample.jpg'] });
    expect((await probeFile(join(folder, 'thumbnails/sample.jpg'))).streams[0]).toMatchObject({ width: 640 });
    expect(await readdir(join(folder, 'work'))).toEqual([]);
  });

  it('says how an order failed, and exits with 1', async () => {
    const { code, stdout } = await reelayWorker(['run', await order('validate', { inputPath: 'inbox/none.mp4' })]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'failed', code: 'INPUT_NOT_FOUND', retryable: false });
  });

  it('says what is wrong with a call', async () => {
    expect(await reelayWorker([])).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage') as string });
    const unknown = await reelayWorker(['run', await order('no_such_type', {})]);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('thumbnail_generate') as string });
    const unfit = await reelayWorker(['describe'], { MEDIA_ROOT: '' });
    expect(unfit).toMatchObject({ code: 78, stderr: expect.stringContaining('MEDIA_ROOT') as string });
  });
});
