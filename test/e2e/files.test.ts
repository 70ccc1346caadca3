import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSample, makeVideo } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;
let database: pg.Client;
let sample: string;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-library': 1 } });
  database = new pg.Client({ connectionString: reelay.databaseUrl });
  await database.connect();
  sample = await addSample(reelay.mediaRoot);
});

afterAll(async () => {
  await database.end();
  await reelay.stop();
});

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);

/** What the library's records say of a path. */
const recordOf = async (path: string): Promise<Record<string, unknown> | undefined> =>
  (await database.query<Record<string, unknown>>('SELECT * FROM videos WHERE path = $1', [path])).rows[0];

describe('a probe', () => {
  it('gives all that the headers say, and brings the record up to date', async () => {
    const job = await reelay.api.until(await reelay.api.submit('probe', { inputPath: sample }), 'completed');
    expect(job.result).toMatchObject({
      frames: null,
      media: { video: { codec: 'h264', width: 1280, height: 720 }, audio: { codec: 'aac' } },
    });
    expect(await recordOf(sample)).toMatchObject({ video_codec: 'h264', width: 1280, valid: null });
    const { id } = (await recordOf(sample)) as { id: string };
    const again = await reelay.api.until(await reelay.api.submit('probe', { videoId: id }), 'completed');
    expect(again.result).toEqual(job.result);
  });

  it('counts the pictures that are there, whatever their rate', async () => {
    const inputPath = await makeVideo(reelay.mediaRoot, 'uneven.mkv', [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=30:duration=4'],
      ...['-vf', "select='not(mod(n,7))+lt(n,30)'", '-fps_mode', 'vfr', '-c:v', 'libx264'],
    ]);
    const job = await reelay.api.until(await reelay.api.submit('probe', { inputPath, countFrames: true }), 'completed');
    // The first 30, and of the other 90 each seventh: 35, 42 and so on to 119.
    expect(job.result).toMatchObject({ frames: 43 });
    expect(job.log).toContain('43 pictures were decoded');
  });

  it('fails for what is no media file', async () => {
    await writeFile(inLibrary('inbox/text.mp4'), 'no video at all');
    const job = await reelay.api.until(await reelay.api.submit('probe', { inputPath: 'inbox/text.mp4' }), 'failed');
    expect(job.error).toMatchObject({ code: 'INPUT_UNREADABLE', retryable: false });
  });
});
