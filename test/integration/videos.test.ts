import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { JobDetail, VideoPage, VideoView } from '@reelay/contracts';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSample } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

const VIDEOS = '/api/media/videos';
const UNKNOWN_ID = '550e8400-e29b-41d4-a716-446655440000';
const CONTENT = randomBytes(100_000);

let reelay: Reelay;
let database: pg.Client;

/** Some rows as probes leave them. */
const ROWS: [path: string, width: number, height: number, rotation: number, seconds: number, size: number][] = [
  ['inbox/Été am See.mp4', 1920, 1080, 0, 60, 1_000],
  ['inbox/phone_1.mp4', 1920, 1080, 90, 10, 100_000],
  ['videos/square.webm', 720, 720, 0, 30, 3_000],
  ['playback/phone_1.mp4', 1080, 1920, 0, 10, 4_000],
  ['loose.mkv', 640, 360, 0, 5, 5_000],
];

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-library': 1 } });
  database = new pg.Client({ connectionString: reelay.databaseUrl });
  await database.connect();
  for (const [path, width, height, rotation, seconds, size] of ROWS) {
    await database.query(
      `INSERT INTO videos (path, container, video_codec, audio_codec, width, height, rotation, duration_seconds, size_bytes, valid)
       VALUES ($1, 'mov,mp4', $7, $8, $2, $3, $4, $5, $6, $9)`,
      [
        path,
        width,
        height,
        rotation,
        seconds,
        size,
        path.endsWith('webm') ? 'vp9' : 'h264',
        size > 1_000 ? 'aac' : null,
        size > 1_000 ? true : null,
      ],
    );
  }
  await writeFile(join(reelay.mediaRoot, 'inbox/phone_1.mp4'), CONTENT);
});
afterAll(async () => {
  await database.end();
  await reelay.stop();
});

const list = async (query: string): Promise<VideoPage> =>
  (await reelay.api.call<VideoPage>('GET', `${VIDEOS}?${query}`)).body;
const pathsOf = async (query: string): Promise<string[]> => (await list(query)).data.map(({ path }) => path);
const idOf = async (path: string): Promise<string> => {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM videos WHERE path = $1', [path]);
  return rows[0]!.id;
};

describe('the list of videos', () => {
  it.each<[query: string, paths: string[]]>([
    ['q=phone', ['playback/phone_1.mp4', 'inbox/phone_1.mp4']],
    ['q=see*', ['inbox/Été am See.mp4']],
    ['q=été inbox', ['inbox/Été am See.mp4']],
    ['directoryType=inbox', ['inbox/phone_1.mp4', 'inbox/Été am See.mp4']],
    ['directoryType=inbox,videos&orientation=portrait,square', ['videos/square.webm', 'inbox/phone_1.mp4']],
    ['videoCodec=vp9', ['videos/square.webm']],
    ['valid=true&audio=true&maxDuration=10&minDuration=6', ['playback/phone_1.mp4', 'inbox/phone_1.mp4']],
    ['audio=false', ['inbox/Été am See.mp4']],
    ['q=!!!', []],
  ])('is filtered by %s', async (query, paths) => {
    expect(await pathsOf(query)).toEqual(paths);
    expect((await list(query)).pagination.total).toBe(paths.length);
  });

  it.each<[sort: string, first: string, last: string]>([
    ['createdAt', 'inbox/Été am See.mp4', 'loose.mkv'],
    ['path', 'inbox/phone_1.mp4', 'videos/square.webm'],
    ['durationSeconds', 'loose.mkv', 'inbox/Été am See.mp4'],
    ['-sizeBytes', 'inbox/phone_1.mp4', 'inbox/Été am See.mp4'],
  ])('is sorted by %s, and the same by cursors', async (sort, first, last) => {
    const all = await pathsOf(`sort=${sort}`);
    expect([all[0], all.at(-1)]).toEqual([first, last]);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: VideoPage = await list(`sort=${sort}&limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.data.map(({ path }) => path));
      cursor = page.pagination.nextCursor;
    }
    expect(seen).toEqual(all);
  });

  it.each([
    'sort=id',
    'directoryType=../etc',
    'minDuration=x',
    'valid=perhaps',
    'cursor=x',
    'page=2&cursor=x',
    'what=1',
  ])('refuses %s', async (query) => {
    expect((await reelay.api.problem('GET', `${VIDEOS}?${query}`)).status).toBe(400);
  });
});

describe('a video', () => {
  it('is shown as a player shows it', async () => {
    const { body } = await reelay.api.call<VideoView>('GET', `${VIDEOS}/${await idOf('inbox/phone_1.mp4')}`);
    expect(body).toMatchObject({
      filename: 'phone_1.mp4',
      directoryType: 'inbox',
      orientation: 'portrait',
      width: 1920,
      rotation: 90,
      sizeBytes: 100_000,
      thumbnailPath: null,
    });
    expect((await reelay.api.problem('GET', `${VIDEOS}/${UNKNOWN_ID}`)).body.code).toBe('VIDEO_NOT_FOUND');
  });

  it('is acted on by jobs, whose results it carries', async () => {
    const path = await addSample(reelay.mediaRoot);
    await database.query('INSERT INTO videos (path) VALUES ($1)', [path]);
    const id = await idOf(path);
    const act = (body: unknown) => reelay.api.call<JobDetail>('POST', `${VIDEOS}/${id}/actions`, body);
    const { status, body } = await act({ action: 'validate', priority: 2 });
    expect([status, body.type]).toEqual([201, 'validate']);
    const job = await reelay.api.until(body.id, 'completed');
    expect(job.params).toMatchObject({ videoId: id, inputPath: path });
    const thumbnail = await act({ action: 'thumbnail', params: { width: 320 } });
    await reelay.api.until(thumbnail.body.id, 'completed');
    const shown = (await reelay.api.call<VideoView>('GET', `${VIDEOS}/${id}`)).body;
    expect(shown).toMatchObject({ valid: true, videoCodec: 'h264' });
    const picture = await fetch(`${reelay.api.url}${VIDEOS}/${id}/thumbnail`, {
      headers: { authorization: `Bearer ${reelay.stack.token}` },
    });
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect((await picture.arrayBuffer()).byteLength).toBeGreaterThan(1_000);
    expect((await act({ action: 'explode' })).status).toBe(400);
    expect((await act({ action: 'thumbnail', params: { width: -1 } })).status).toBe(422);
    expect((await reelay.api.problem('POST', `${VIDEOS}/${UNKNOWN_ID}/actions`, { action: 'validate' })).status).toBe(
      404,
    );
  });
});

describe('the file of a video', () => {
  const get = async (path: string, headers: Record<string, string> = {}, query = '') =>
    fetch(`${reelay.api.url}${VIDEOS}/${await idOf(path)}/file${query}`, {
      headers: { authorization: `Bearer ${reelay.stack.token}`, ...headers },
    });
  const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

  it('is served whole, and to be saved under its name', async () => {
    const response = await get('inbox/phone_1.mp4', {}, '?download=true');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('video/mp4');
    expect(response.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''phone_1.mp4");
    expect(response.headers.get('content-security-policy')).toContain('sandbox');
    expect((await bytesOf(response)).equals(CONTENT)).toBe(true);
  });

  it.each<[range: string, from: number, to: number]>([
    ['bytes=0-99', 0, 99],
    ['bytes=99000-', 99_000, 99_999],
    ['bytes=-10', 99_990, 99_999],
  ])('is served in part: %s', async (range, from, to) => {
    const response = await get('inbox/phone_1.mp4', { range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${String(from)}-${String(to)}/100000`);
    expect((await bytesOf(response)).equals(CONTENT.subarray(from, to + 1))).toBe(true);
  });

  it('is not sent again to who has it, and has no range beyond its end', async () => {
    const first = await get('inbox/phone_1.mp4');
    await first.arrayBuffer();
    // fetch asks past every cache when it is given this header.
    const again = request(first.url, {
      headers: { authorization: `Bearer ${reelay.stack.token}`, 'if-none-match': first.headers.get('etag') ?? '' },
    }).end();
    const [answer] = (await once(again, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(304);
    const beyond = await get('inbox/phone_1.mp4', { range: 'bytes=200000-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */100000']);
    expect(await beyond.json()).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
  });

  it('is not served when it is gone, or when its path leads out of the library', async () => {
    expect((await get('videos/square.webm')).status).toBe(404);
    await mkdir(join(reelay.mediaRoot, 'clips'), { recursive: true });
    await symlink('/etc/passwd', join(reelay.mediaRoot, 'clips/out.mp4'));
    await database.query("INSERT INTO videos (path) VALUES ('clips/out.mp4'), ('../secret.mp4')");
    for (const path of ['clips/out.mp4', '../secret.mp4']) {
      const response = await get(path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'FILE_NOT_FOUND' });
    }
  });

  it('needs a token, as everything does', async () => {
    const id = await idOf('inbox/phone_1.mp4');
    expect((await fetch(`${reelay.api.url}${VIDEOS}/${id}/file`)).status).toBe(401);
  });
});
