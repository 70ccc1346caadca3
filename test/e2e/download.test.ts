import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobDetail } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attemptsOf } from '../support/encodes.js';
import { eventually } from '../support/eventually.js';
import { FileServer, servesPart, servesRanges } from '../support/file-server.js';
import { addSample } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startTestWorker, testWorkerLog, type TestWorker } from '../support/test-worker.js';

let reelay: Reelay;
let worker: TestWorker;
let server: FileServer;
/** A real video. */
let film: Buffer;

// Only the name is allowed: the same server by its address stays out of reach.
const startLibraryWorker = (name: string): Promise<TestWorker> =>
  startTestWorker(reelay, 'library', name, { DOWNLOAD_ALLOW: 'localhost', LOG_LEVEL: 'debug' });

beforeAll(async () => {
  reelay = await startReelay();
  server = await FileServer.start();
  worker = await startLibraryWorker('library');
  film = await readFile(join(reelay.mediaRoot, await addSample(reelay.mediaRoot)));
  await reelay.api.call('PATCH', '/api/media/settings', { retry: { baseSeconds: 0 } });
  await eventually('the worker is announced', async () => (await reelay.api.workers()).length === 1);
});

afterAll(async () => {
  await worker.stop();
  await server.close();
  await reelay.stop();
});

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);
const filesIn = async (folder: string): Promise<string[]> => (await readdir(inLibrary(folder))).sort();
const digest = (algorithm: string): string => createHash(algorithm).update(film).digest('hex');

const downloaded = async (params: Record<string, unknown>): Promise<JobDetail> =>
  reelay.api.until(await reelay.api.submit('download', params), 'completed', 60_000);

/** Submits what must fail, and checks that nothing is left of it. */
async function refused(
  params: Record<string, unknown>,
  code: string,
  more: Record<string, unknown> = {},
): Promise<JobDetail> {
  const before = await filesIn('inbox');
  const job = await reelay.api.until(await reelay.api.submit('download', params, more), 'failed', 60_000);
  expect(job.error).toMatchObject({ code });
  expect(await filesIn('inbox')).toEqual(before);
  return job;
}

describe('a download', () => {
  it('is followed through redirects, checked, named by the server and probed', async () => {
    const url = server.serve('/start', (_request, response) =>
      response.writeHead(302, { location: '/next?x=1' }).end(),
    );
    server.serve('/next', (_request, response) => response.writeHead(307, { location: '/film?key=hidden' }).end());
    server.serve('/film', (request, response, count) => {
      response.setHeader('content-disposition', 'attachment; filename="../The film.mp4"');
      servesRanges(film)(request, response, count);
    });
    const secret = url.replace('http://', 'http://me:hush-hush@');
    const job = await downloaded({
      url: `${secret}?token=very-secret`,
      headers: { 'X-Key': 'k' },
      checksum: { algorithm: 'md5', value: digest('md5').toUpperCase() },
    });
    expect(job).toMatchObject({
      destinationPaths: ['inbox/The film.mp4'],
      result: {
        outputPath: 'inbox/The film.mp4',
        sizeBytes: film.length,
        checksum: { algorithm: 'md5', value: digest('md5') },
        contentType: 'video/mp4',
        resumedBytes: 0,
        media: { video: { codec: 'h264', width: 1280 } },
      },
    });
    expect(film.equals(await readFile(inLibrary('inbox/The film.mp4')))).toBe(true);
    expect((await filesIn('inbox')).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(server.of('/start')[0]?.headers).toMatchObject({
      'x-key': 'k',
      authorization: `Basic ${Buffer.from('me:hush-hush').toString('base64')}`,
    });
    const { log } = job;
    expect(log).toContain(`redirected to http://localhost:${String(server.port)}/film?...`);
    for (const text of [log, await readFile(testWorkerLog(reelay, 'library'), 'utf8')]) {
      expect(text).not.toMatch(/hush-hush|very-secret|hidden/);
    }
  });

  it('takes a free name, and another one beside it', async () => {
    const url = server.serve('/twice.mp4', servesRanges(film));
    expect((await downloaded({ url })).destinationPaths).toEqual(['inbox/twice.mp4']);
    expect((await downloaded({ url })).destinationPaths).toEqual(['inbox/twice-2.mp4']);
    await refused({ url, outputPath: 'inbox/twice.mp4' }, 'OUTPUT_EXISTS');
  });

  it('that is cut goes on where it was', async () => {
    const half = Math.floor(film.length / 2);
    const url = server.serve('/cut.mp4', (request, response, count) => {
      (count === 1 ? servesPart(film, half, 'cut') : servesRanges(film))(request, response, count);
    });
    const job = await downloaded({ url, checksum: { algorithm: 'sha256', value: digest('sha256') } });
    expect(film.equals(await readFile(inLibrary('inbox/cut.mp4')))).toBe(true);
    const [first, second, ...further] = server.of('/cut.mp4').map(({ headers }) => headers);
    expect([first?.range, second?.['if-range'], further]).toEqual([undefined, '"v1"', []]);
    // What had arrived and was not read yet may be lost with the connection.
    const from = Number(/^bytes=(\d+)-$/.exec(second?.range ?? '')?.[1]);
    expect(from).toBeGreaterThan(0);
    expect(from).toBeLessThanOrEqual(half);
    expect(job.log).toMatch(/the connection (was cut|ended).*: trying to go on/);
    expect((await attemptsOf(reelay, job.id)).length).toBe(1);
  });

  it.each([
    ['has a weak validator only', 'W/"v1"', 'W/"v1"'],
    ['has changed meanwhile', '"v1"', '"v2"'],
  ])('that is cut starts anew where the file %s', async (what, first, second) => {
    const path = `/${what.split(' ')[1] ?? ''}.mp4`;
    const url = server.serve(path, (request, response, count) => {
      const old = Buffer.alloc(film.length, 'old');
      (count === 1 ? servesPart(old, 100_000, 'cut', first) : servesRanges(film, second))(request, response, count);
    });
    const job = await downloaded({ url });
    expect(film.equals(await readFile(inLibrary(job.destinationPaths[0] ?? '')))).toBe(true);
  });

  it('whose worker is killed is ended by another, which fetches only the rest', async () => {
    const half = Math.floor(film.length / 2);
    const url = server.serve('/lost.mp4', (request, response, count) => {
      (count === 1 ? servesPart(film, half, 'silence') : servesRanges(film))(request, response, count);
    });
    const id = await reelay.api.submit('download', { url });
    await eventually('half of it is there', async () => (await reelay.api.job(id)).progress >= 49);
    await worker.kill();
    worker = await startLibraryWorker('library-2');
    const job = await reelay.api.until(id, 'completed', 60_000);
    expect((await attemptsOf(reelay, id)).map(({ status }) => status)).toEqual(['lost', 'completed']);
    expect(job.result).toMatchObject({ resumedBytes: half, sizeBytes: film.length });
    expect(server.of('/lost.mp4').map(({ headers }) => headers.range)).toEqual([undefined, `bytes=${String(half)}-`]);
    expect(film.equals(await readFile(inLibrary('inbox/lost.mp4')))).toBe(true);
    expect((await filesIn('inbox')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('that is cancelled leaves nothing', async () => {
    const before = await filesIn('inbox');
    const url = server.serve('/endless.mp4', servesPart(film, 500_000, 'silence'));
    const id = await reelay.api.submit('download', { url });
    await eventually('some of it is there', async () => (await reelay.api.job(id)).progress >= 1);
    await reelay.api.call('POST', `/api/media/jobs/${id}/cancel`);
    await eventually('its files are gone', async () => (await filesIn('inbox')).join() === before.join());
    expect((await reelay.api.job(id)).status).toBe('cancelled');
  });

  it('may be no media file', async () => {
    const url = server.serve('/notes.txt', (_request, response) => response.end('plain words'));
    expect((await downloaded({ url })).result).toMatchObject({
      outputPath: 'inbox/notes.txt',
      sizeBytes: 11,
      media: null,
      checksum: { algorithm: 'sha256' },
    });
  });
});

describe('an address that is not public', () => {
  /** The server's own address, which only its name is allowed for. */
  const spellings = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
  ];

  it.each([...spellings, '0.0.0.0', '[::1]', '[::]', '169.254.169.254', '10.0.0.1', '[fd00:ec2::254]'])(
    'is refused as %s, and not retried',
    async (host) => {
      server.serve('/secret', servesRanges(film));
      const job = await refused({ url: `http://${host}:${String(server.port)}/secret` }, 'URL_REFUSED');
      expect(job).toMatchObject({ retryCount: 0, error: { retryable: false } });
      expect(server.of('/secret')).toEqual([]);
    },
  );

  it.each(['http://127.0.0.1:PORT/secret', 'http://[::ffff:7f00:1]:PORT/secret', 'file:///etc/passwd'])(
    'is refused as the end of a redirect: %s',
    async (target) => {
      const location = target.replace('PORT', String(server.port));
      const url = server.serve('/away', (_request, response) => response.writeHead(302, { location }).end());
      await refused({ url }, 'URL_REFUSED');
      expect(server.of('/secret')).toEqual([]);
    },
  );
});

describe('what cannot be downloaded', () => {
  it('is too large by its length, or in the course of it', async () => {
    const byLength = server.serve('/long.mp4', servesRanges(film));
    await refused({ url: byLength, maxBytes: film.length - 1 }, 'TOO_LARGE');
    const unsaid = server.serve('/unsaid.mp4', (_request, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(65_536)), 5);
      response.once('close', () => {
        clearInterval(timer);
      });
    });
    await refused({ url: unsaid, maxBytes: 300_000 }, 'TOO_LARGE');
  });

  it('is larger than the disk', async () => {
    const url = server.serve('/vast.mp4', (_request, response) => {
      response.writeHead(200, { 'content-length': 8e15 }).write('x');
    });
    const job = await refused({ url, maxBytes: Number.MAX_SAFE_INTEGER }, 'DISK_FULL', { maxRetries: 0 });
    expect(job.error?.message).toMatch(/are free, and 8000 TB are to come/);
  });

  it('is not what its checksum stands for', async () => {
    const url = server.serve('/other.mp4', servesRanges(film));
    const job = await refused({ url, checksum: { algorithm: 'sha1', value: '0'.repeat(40) } }, 'CHECKSUM_MISMATCH');
    expect(job).toMatchObject({
      retryCount: 0,
      error: { message: expect.stringContaining(digest('sha1')) as unknown },
    });
  });

  it('is not there, or its server fails for now', async () => {
    const gone = await refused({ url: `http://localhost:${String(server.port)}/none` }, 'DOWNLOAD_FAILED');
    expect(gone).toMatchObject({ retryCount: 0, error: { message: 'the server answered with status 404' } });
    const url = server.serve('/busy', (_request, response) => response.writeHead(503).end());
    const busy = await refused({ url }, 'DOWNLOAD_FAILED', { maxRetries: 1 });
    expect(busy).toMatchObject({ retryCount: 1, error: { retryable: true } });
    expect(server.of('/busy')).toHaveLength(2);
  });

  it('is cut at the same place for ever', async () => {
    const url = server.serve('/stuck.mp4', servesPart(film, 1_000, 'cut', 'W/"weak"'));
    await refused({ url }, 'DOWNLOAD_FAILED', { maxRetries: 0 });
    expect(server.of('/stuck.mp4')).toHaveLength(4);
  });

  it('is a circle of redirects', async () => {
    const url = server.serve('/round', (_request, response) => response.writeHead(302, { location: '/round' }).end());
    await refused({ url }, 'DOWNLOAD_FAILED');
    expect(server.of('/round')).toHaveLength(6);
  });
});
