import { execFile, spawn } from 'node:child_process';
import { link, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect, type Inspection, type Place } from '../../tools/lib/oracle.mjs';
import { repoRoot } from '../../tools/lib/paths.mjs';
import { attemptsOf, startEncode } from '../support/encodes.js';
import { eventually } from '../support/eventually.js';
import { addSample, makeLongVideo } from '../support/media.js';
import { expectSound, placeOf } from '../support/oracle.js';
import { encodersOf } from '../support/process-tree.js';
import { RawClient } from '../support/raw-client.js';
import { RawWorker } from '../support/raw-worker.js';
import { startReelay, type Reelay } from '../support/reelay.js';

/** Long enough that a look ends before the encode does. */
const CLIP_SECONDS = 60;

let reelay: Reelay;
let place: Place;
let sample: string;
let database: pg.Client;
let raw: RawClient;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-encode': 1, 'worker-library': 1 } });
  sample = await addSample(reelay.mediaRoot);
  place = await placeOf(reelay);
  database = new pg.Client({ connectionString: reelay.databaseUrl });
  await database.connect();
  raw = await RawClient.connect(reelay.amqpUrl);
});
afterAll(async () => {
  await raw.close();
  await database.end();
  await reelay.stop();
});

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);

/** The findings as pairs of the rule and what shows it. */
const brokenIn = ({ findings }: Inspection): [string, readonly string[]][] =>
  findings.map(({ rule, examples }) => [rule, examples]);

/** Makes an output. @returns its job and its path */
async function makeThumbnail(outputPath?: string): Promise<{ id: string; path: string }> {
  const id = await reelay.api.submit('thumbnail_generate', {
    inputPath: sample,
    width: 64,
    ...(outputPath === undefined ? {} : { outputPath }),
  });
  const { destinationPaths } = await reelay.api.until(id, 'completed');
  return { id, path: destinationPaths[0] ?? '' };
}

describe('a Reelay that is sound', () => {
  it('shows nothing when all work is done', async () => {
    await makeThumbnail();
    const { parked, leftOut } = await expectSound(reelay, { accepted: 1, ok: 1, unexpected: 0 });
    expect([parked, leftOut]).toEqual([[], []]);
  });

  it('shows nothing while an ffmpeg writes its hidden file', async () => {
    const { id } = await startEncode(reelay, await makeLongVideo(reelay.mediaRoot, 'long.mp4', CLIP_SECONDS));
    const inspection = await inspect(place);
    expect((await reelay.api.job(id)).status).toBe('running');
    expect(inspection.findings).toEqual([]);
    expect(inspection.scoreboard).toMatchObject({ underWay: 1, unexpected: 0 });
    expect(inspection.leftOut).toEqual(['queues: work is under way, so they may hold messages']);
    await reelay.api.call('POST', `/api/media/jobs/${id}/cancel`);
    await expectSound(reelay, { cancelled: 1, unexpected: 0 });
  });
});

describe('the oracle finds', () => {
  it('a job that nobody owes an answer for', async () => {
    const { rows } = await database.query<{ id: string }>(
      `INSERT INTO jobs (type, status, params, resource_category) VALUES ('planted', 'queued', '{}', 'cpu') RETURNING id`,
    );
    const id = rows[0]!.id;
    try {
      const inspection = await inspect({ databaseUrl: reelay.databaseUrl });
      expect(brokenIn(inspection)).toEqual([['a queued or running job has an open attempt', [id]]]);
      expect(inspection.scoreboard).toMatchObject({ lost: 1, unexpected: 1, underWay: 0 });
    } finally {
      await database.query('DELETE FROM jobs WHERE id = $1', [id]);
    }
  });

  it('an order that is left in a queue; a parked answer is told apart', async () => {
    await raw.declare('nobody_serves', 'job_submit');
    raw.publish('job_submit', 'nobody_serves', { job_id: 1, parameters: [] });
    raw.publish('job_response', 'job_completed', { of: 'no shape' });
    await raw.confirmed();
    const { databaseUrl, management } = place;
    const inspection = await inspect({ databaseUrl, ...(management ? { management } : {}) });
    expect(brokenIn(inspection)).toEqual([
      [
        'with nothing under way, the queues of orders and answers are empty',
        ['nobody_serves (1 ready, 0 unacknowledged)'],
      ],
    ]);
    expect(inspection.parked).toEqual([{ queue: 'job_response_dead', messages: 1 }]);
    await reelay.vhost!.deleteQueue('nobody_serves');
    await reelay.vhost!.take('job_response_dead');
  });

  it('files and folders of attempts that are over, and no others', async () => {
    const { id, path } = await makeThumbnail();
    const [attempt] = await attemptsOf(reelay, id);
    const partial = `playback/.film.${id}_${String(attempt!.id)}.partial.mp4`;
    const foreign = 'inbox/.film.999999.partial.mkv';
    const unpublished = `playback/.${id}.0123456789abcdef.999998.published`;
    const secondName = `thumbnails/.${id}.fedcba9876543210.999999.published`;
    const folder = join(dirname(reelay.mediaRoot), `work/${String(process.pid)}/${String(attempt!.id)}-Ab12Cd`);
    for (const file of [partial, foreign, unpublished, 'playback/.hidden.mp4']) await writeFile(inLibrary(file), 'x');
    await link(inLibrary(path), inLibrary(secondName));
    await mkdir(folder, { recursive: true });
    try {
      const inspection = await inspect({ ...(await placeOf(reelay)), outputs: 0 });
      expect(brokenIn(inspection).map(([rule, examples]) => [rule, [...examples].sort()])).toEqual([
        ['a hidden file of an attempt belongs to one that runs', [foreign, partial, unpublished].sort()],
        ['a private folder of an attempt belongs to one that runs', [folder]],
      ]);
      expect(inspection.scoreboard.unexpected).toBe(4);
    } finally {
      for (const file of [partial, foreign, unpublished, secondName]) await rm(inLibrary(file));
      await rm(dirname(folder), { recursive: true });
    }
  });

  it('such files behind links that the library has, each once, and none elsewhere', async () => {
    const disk = await mkdtemp(join(tmpdir(), 'reelay-linked-'));
    const outside = await mkdtemp(join(tmpdir(), 'reelay-outside-'));
    const links = ['clips/far', 'clips/far-again', 'clips/outside'];
    try {
      await mkdir(join(disk, 'below'));
      await symlink(disk, inLibrary('clips/far'));
      await symlink(join(disk, 'below'), inLibrary('clips/far-again'));
      await symlink(outside, inLibrary('clips/outside'));
      await symlink(disk, join(disk, 'below/circle'));
      for (const folder of [disk, join(disk, 'below'), outside]) {
        await writeFile(join(folder, '.film.999999.partial.mkv'), 'x');
      }
      const inspection = await inspect({ ...place, mediaLinks: [disk], outputs: 0 });
      expect(inspection.findings).toMatchObject([
        { rule: 'a hidden file of an attempt belongs to one that runs', count: 2 },
      ]);
      const { examples } = inspection.findings[0]!;
      expect(examples).toContain('clips/far/.film.999999.partial.mkv');
      expect(examples).not.toContain('clips/outside/.film.999999.partial.mkv');
      expect((await inspect({ ...place, outputs: 0 })).findings).toEqual([]);
    } finally {
      for (const path of links) await rm(inLibrary(path));
      await rm(disk, { recursive: true });
      await rm(outside, { recursive: true });
    }
  });

  it('an ffmpeg that has lost its worker', async () => {
    const program = reelay.stack.env.FFMPEG_PATH ?? '';
    // The shell ends at once, so that nobody is left who started it.
    const shell = spawn(
      'sh',
      ['-c', '"$@" & exit 0', 'sh', program, '-re', '-stream_loop', '-1', '-i', inLibrary(sample), '-f', 'null', '-'],
      { stdio: 'ignore' },
    );
    await new Promise((resolve) => shell.once('exit', resolve));
    const [orphan] = await eventually('it runs', async () => {
      const running = await encodersOf(reelay.mediaRoot);
      return running.length > 0 ? running : null;
    });
    try {
      const inspection = await inspect({ databaseUrl: reelay.databaseUrl, mediaRoot: reelay.mediaRoot });
      expect(brokenIn(inspection)).toEqual([
        [
          'an ffmpeg or ffprobe in the library belongs to a worker that lives',
          [expect.stringContaining(`process ${String(orphan!.pid)}: `)],
        ],
      ]);
    } finally {
      process.kill(orphan!.pid, 'SIGKILL');
    }
  });

  it('outputs that are missing, empty or no media, and names their jobs', async () => {
    const [missing, empty, garbage] = [await makeThumbnail(), await makeThumbnail(), await makeThumbnail()];
    await rm(inLibrary(missing.path));
    await truncate(inLibrary(empty.path));
    await rm(inLibrary(garbage.path));
    await writeFile(inLibrary(garbage.path), 'this is no picture');
    const look = async (outputs: number): Promise<[string, readonly string[]][]> =>
      brokenIn(await inspect({ databaseUrl: reelay.databaseUrl, mediaRoot: reelay.mediaRoot, outputs }));
    const rule = 'the output of a completed job is there and can be read';
    const told = [
      `job ${garbage.id}: ${garbage.path} has no picture, no sound and no text`,
      `job ${empty.id}: ${empty.path} is empty`,
      `job ${missing.id}: ${missing.path} is missing`,
    ];
    expect((await look(200)).map(([name, examples]) => [name, [...examples].sort()])).toEqual([[rule, told.sort()]]);
    expect(await look(1)).toEqual([
      [rule, [`job ${garbage.id}: ${garbage.path} has no picture, no sound and no text`]],
    ]);
    expect(await look(0)).toEqual([]);

    // What a later job put in its place, or took away, is not the first job's any more.
    await rm(inLibrary(empty.path));
    const again = await makeThumbnail(empty.path);
    await truncate(inLibrary(again.path));
    await rm(inLibrary(garbage.path));
    await isMoved([missing.path, garbage.path]);
    expect(await look(200)).toEqual([[rule, [`job ${again.id}: ${empty.path} is empty`]]]);
    await rm(inLibrary(empty.path));
    await isMoved([empty.path]);
    expect(await look(200)).toEqual([]);
  });
});

/** Has a worker of another make say that it has moved files. */
async function isMoved(paths: readonly string[]): Promise<void> {
  const worker = await RawWorker.start(reelay, 'foreign_move', 10);
  try {
    for (const path of paths) {
      const id = await reelay.api.submit('foreign_move', { path });
      const order = await eventually('its order', () => worker.orders.find(({ job }) => job === id));
      worker.complete(order.attempt, 1);
      await reelay.api.until(id, 'completed');
    }
  } finally {
    await worker.stop();
  }
}

describe('npm run doctor', () => {
  const doctor = (env: Record<string, string | undefined>, ...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const child = execFile(
        process.execPath,
        [join(repoRoot, 'tools/doctor.mjs'), ...args],
        { env: { PATH: process.env.PATH, ...env } },
        (_, stdout, stderr) => {
          resolve({ code: child.exitCode ?? -1, stdout, stderr });
        },
      );
    });

  it('prints the scoreboard on one line, and what was left out', async () => {
    const { DATABASE_URL, AMQP_URL, FFPROBE_PATH } = reelay.stack.env;
    const { url, user, password } = reelay.management!;
    const { code, stdout, stderr } = await doctor({
      ...{ DATABASE_URL, AMQP_URL, FFPROBE_PATH, MEDIA_ROOT: reelay.mediaRoot },
      ...{ RABBITMQ_MANAGEMENT_URL: url, RABBITMQ_MANAGEMENT_USER: user, RABBITMQ_MANAGEMENT_PASSWORD: password },
    });
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(
        /^accepted \d+ {2}ok \d+ {2}failed 0 {2}cancelled 1 {2}lost 0 {2}duplicated 0 {2}stale 0 {2}recovered 0 {2}unexpected 0 {2}underWay 0$/,
      ),
      'left out  work folders: none is known',
      'Nothing is wrong.',
      '',
    ]);
    expect(code).toBe(0);
  });

  it('exits with 1 and says what shows a fault', async () => {
    await writeFile(inLibrary('inbox/.film.1.partial.mp4'), 'x');
    const env = { DATABASE_URL: reelay.databaseUrl, MEDIA_ROOT: reelay.mediaRoot };
    const [plain, asJson] = await Promise.all([doctor(env, '--outputs', '0'), doctor(env, '--outputs', '0', '--json')]);
    expect([plain.code, plain.stdout]).toEqual([1, expect.stringContaining('inbox/.film.1.partial.mp4')]);
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      scoreboard: { unexpected: 1 },
      findings: [{ count: 1, examples: ['inbox/.film.1.partial.mp4'] }],
      parked: [],
    });
    await rm(inLibrary('inbox/.film.1.partial.mp4'));
  });

  it('says what to do when there is nothing to examine, or it is asked for nonsense', async () => {
    const { code, stderr } = await doctor({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^The database cannot be reached: .+\n {2}-> npm run up/),
    ]);
    expect(await doctor({ DATABASE_URL: reelay.databaseUrl }, '--outputs', 'all')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--outputs takes a whole number') as string,
    });
    expect(await doctor({}, '--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('DATABASE_URL') as string,
    });
  });
});
