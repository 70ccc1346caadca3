import {
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobDetail, ResultOf, scan, VideoDetail, VideoPage } from '@reelay/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addSample, makeVideo } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

type ScanResult = ResultOf<typeof scan>;

const COPIES = 250;

let reelay: Reelay;
/** A disk beside the library, as a mount would be. */
let elsewhere: string;

beforeAll(async () => {
  elsewhere = await realpath(await mkdtemp(join(tmpdir(), 'reelay-linked-')));
  reelay = await startReelay({ replicas: { 'worker-library': 1 }, env: { MEDIA_LINKS: elsewhere } });
  const sample = await addSample(reelay.mediaRoot);
  await mkdir(inLibrary('videos/many'), { recursive: true });
  await rename(inLibrary(sample), inLibrary('videos/talk.mp4'));
  for (let index = 0; index < COPIES; index++) {
    await link(inLibrary('videos/talk.mp4'), inLibrary(`videos/many/talk ${String(index)}.mp4`));
  }
});

afterAll(async () => {
  await reelay.stop();
  await rm(elsewhere, { recursive: true, force: true });
});

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);

async function scanned(
  params: Record<string, unknown> = {},
  type = 'scan',
): Promise<JobDetail & { result: ScanResult }> {
  const job = await reelay.api.until(await reelay.api.submit(type, params), 'completed', 120_000);
  return job as JobDetail & { result: ScanResult };
}

async function videos(query: string): Promise<VideoPage> {
  return (await reelay.api.call<VideoPage>('GET', `/api/media/videos?${query}`)).body;
}

async function videoAt(path: string, query = ''): Promise<VideoDetail> {
  const words = path.replaceAll(/[^A-Za-z0-9]+/g, ' ');
  const { data } = await videos(`q=${encodeURIComponent(words)}&limit=100${query}`);
  const id = data.find((video) => video.path === path)?.id ?? 'none';
  return (await reelay.api.call<VideoDetail>('GET', `/api/media/videos/${id}`)).body;
}

const NOTHING = { added: 0, changed: 0, moved: 0, missing: 0, unreadable: 0, probes: 0 };

it('records all videos of a folder in one pass, and opens none of them the next time', async () => {
  await writeFile(inLibrary('videos/notes.txt'), 'no video');
  await writeFile(inLibrary('videos/.hidden.mp4'), 'no video');
  const first = await scanned();
  const found = COPIES + 1;
  expect(first.result).toEqual({
    ...{ folder: 'videos', found, unchanged: 0, skipped: 0 },
    ...{ ...NOTHING, added: found, probes: found },
  });
  const { data, pagination } = await videos('directoryType=videos&limit=1');
  expect(pagination.total).toBe(found);
  expect(data[0]).toMatchObject({ videoCodec: 'h264', width: 1280, valid: true, missingSince: null });
  const second = await scanned();
  expect(second.result).toEqual({ folder: 'videos', found, unchanged: found, skipped: 0, ...NOTHING });
});

it('follows what was renamed and moved, and marks what is gone until it is back', async () => {
  const before = await videoAt('videos/many/talk 7.mp4');
  await mkdir(inLibrary('videos/other'));
  await makeVideo(reelay.mediaRoot, '../videos/own.mp4', [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=160x90:rate=10:duration=1',
  ]);
  await scanned();
  const own = await videoAt('videos/own.mp4');
  await rename(inLibrary('videos/own.mp4'), inLibrary('videos/other/renamed ä.mp4'));
  await rm(inLibrary('videos/many/talk 7.mp4'));
  const { result, log } = await scanned();
  expect(result).toMatchObject({ moved: 1, missing: 1, added: 0, probes: 0 });
  expect(log).toContain('moved: videos/own.mp4 is now videos/other/renamed ä.mp4');
  expect(await videoAt('videos/other/renamed ä.mp4')).toMatchObject({ id: own.id, width: 160, missingSince: null });
  const gone = (await reelay.api.call<VideoDetail>('GET', `/api/media/videos/${before.id}`)).body;
  expect(gone.missingSince).not.toBeNull();
  expect((await videos('missing=true')).data.map(({ path }) => path)).toEqual(['videos/many/talk 7.mp4']);
  await link(inLibrary('videos/talk.mp4'), inLibrary('videos/many/talk 7.mp4'));
  expect((await scanned()).result).toMatchObject({ added: 0, missing: 0, probes: 0 });
  expect(await videoAt('videos/many/talk 7.mp4')).toMatchObject({ id: before.id, missingSince: null });
});

it('knows a file again that went to another folder of the library', async () => {
  await mkdir(inLibrary('public'), { recursive: true });
  const { id } = await videoAt('videos/other/renamed ä.mp4');
  await rename(inLibrary('videos/other/renamed ä.mp4'), inLibrary('public/shown.mp4'));
  const { result } = await scanned({}, 'public_scan');
  expect(result).toMatchObject({ folder: 'public', found: 1, moved: 1, probes: 0 });
  expect(await videoAt('public/shown.mp4')).toMatchObject({ id, directoryType: 'public' });
  expect((await scanned()).result).toMatchObject({ missing: 0 });
});

it('probes again what changed, and not what was only touched', async () => {
  const path = 'public/shown.mp4';
  await utimes(inLibrary(path), new Date(), new Date(Date.now() - 60_000));
  expect((await scanned({}, 'public_scan')).result).toMatchObject({ unchanged: 1, changed: 0, probes: 0 });
  await makeVideo(reelay.mediaRoot, `../${path}`, [
    '-y',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=320x240:rate=10:duration=2',
  ]);
  expect((await scanned({}, 'public_scan')).result).toMatchObject({ changed: 1, probes: 1 });
  expect(await videoAt(path)).toMatchObject({ width: 320, height: 240 });
  expect((await scanned({ skipExisting: false }, 'public_scan')).result).toMatchObject({ found: 1, probes: 1 });
});

it('records why a file is no video, passes over what leads elsewhere, and goes on', async () => {
  await mkdir(inLibrary('inbox/scan'), { recursive: true });
  await writeFile(inLibrary('inbox/scan/empty.mp4'), '');
  await writeFile(inLibrary('inbox/scan/text.mkv'), 'no video at all');
  await writeFile(inLibrary('inbox/scan/bad\nname.mp4'), 'x');
  await symlink('/etc/passwd', inLibrary('inbox/scan/outside.mp4'));
  await symlink('/etc', inLibrary('inbox/scan/folder'));
  await symlink(inLibrary('videos/talk.mp4'), inLibrary('inbox/scan/inside.mp4'));
  const { result, log } = await scanned({ folder: 'inbox/scan' });
  expect(result).toMatchObject({ found: 3, added: 3, unreadable: 2, skipped: 2, probes: 3 });
  expect(log).toContain('passed over "inbox/scan/outside.mp4": it leads out of the library');
  expect(await videoAt('inbox/scan/text.mkv')).toMatchObject({ valid: false, width: null });
  const again = await scanned({ folder: 'inbox/scan' });
  expect(again.result).toMatchObject({ unchanged: 3, probes: 0 });
  const only = await scanned({ folder: 'inbox', recursive: false, extensions: ['MKV'] });
  expect(only.result).toMatchObject({ found: 0, missing: 0 });
});

it('fails for a folder that is not there, and marks nothing as missing', async () => {
  await rename(inLibrary('public'), inLibrary('away'));
  const job = await reelay.api.until(await reelay.api.submit('public_scan', {}), 'failed');
  expect(job.error).toMatchObject({ code: 'INPUT_NOT_FOUND', retryable: false });
  expect(await videoAt('public/shown.mp4')).toMatchObject({ missingSince: null });
  await rename(inLibrary('away'), inLibrary('public'));
});

it('finds, and puts, files in a folder of the library that lies elsewhere', async () => {
  await rmdir(inLibrary('clips'));
  await symlink(elsewhere, inLibrary('clips'));
  await copyFile(inLibrary('videos/talk.mp4'), join(elsewhere, 'far.mp4'));
  expect((await scanned({ directoryType: 'clips' })).result).toMatchObject({ found: 1, added: 1, skipped: 0 });
  const { id } = await videoAt('clips/far.mp4');
  await copyFile(inLibrary('videos/talk.mp4'), inLibrary('inbox/near.mp4'));
  const move = await reelay.api.submit('move_to_library', { inputPath: 'inbox/near.mp4', directoryType: 'clips' });
  await reelay.api.until(move, 'completed');
  expect((await readdir(elsewhere)).filter((name) => !name.startsWith('.')).sort()).toEqual(['far.mp4', 'near.mp4']);
  const still = await reelay.api.submit('thumbnail_generate', { inputPath: 'clips/near.mp4' });
  await reelay.api.until(still, 'completed');
  const file = await fetch(`${reelay.stack.apiUrl}/api/media/videos/${id}/file`, {
    headers: { authorization: `Bearer ${reelay.stack.token}` },
  });
  expect([file.status, (await file.arrayBuffer()).byteLength]).toEqual([
    200,
    (await stat(join(elsewhere, 'far.mp4'))).size,
  ]);
});
