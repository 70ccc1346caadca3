import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { attemptStates } from '../support/encodes.js';
import { eventually } from '../support/eventually.js';
import { decodeSegments, readMediaPlaylist, readVariants, type Playlist } from '../support/manifests.js';
import { makeLongVideo } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { encodesOf, plan, runJob } from '../support/packages.js';
import { encodersOf } from '../support/process-tree.js';
import { startReelay, type Reelay } from '../support/reelay.js';

/** Long enough to be looked at, and killed, in the middle. */
const CLIP_SECONDS = 14;
const FOLDER = 'packages/live';

/** An encode twice over, by a machine that is busy, and a lease that runs out in between. */
const TWICE_MS = 400_000;
const ONCE_MS = 180_000;

let reelay: Reelay;
afterEach(() => reelay.stop());

/** Starts an encode that publishes to a folder while it runs, and waits until players can begin. */
async function startLive(workers: number): Promise<{ id: string; params: Record<string, unknown> }> {
  reelay = await startReelay({ replicas: { 'worker-encode': workers, 'worker-library': 1 } });
  const inputPath = await makeLongVideo(reelay.mediaRoot, 'long.mp4', CLIP_SECONDS);
  const ladder = await plan(reelay, { inputPath, segmentSeconds: 1, renditions: [{ height: 720 }, { height: 360 }] });
  const [params = {}] = encodesOf(ladder, { publishTo: FOLDER, speed: 'medium' });
  const id = await reelay.api.submit('encode_rendition', params);
  await eventually('players can begin', () => stat(inLibrary('master.m3u8')), 60_000);
  return { id, params };
}

const inLibrary = (...path: string[]): string => join(reelay.mediaRoot, FOLDER, ...path);
const playlist = (track: string): Promise<Playlist> => readMediaPlaylist(inLibrary(track, 'index.m3u8'));

/** What players see in mid-encode: nothing is named that is not there. */
async function mustPlaySoFar(): Promise<void> {
  const variants = await readVariants(inLibrary('master.m3u8'));
  for (const track of [...variants.map(({ uri = '' }) => uri.replace('/index.m3u8', '')), 'audio']) {
    const { text, segments, ended } = await playlist(track);
    expect([text.includes('#EXT-X-PLAYLIST-TYPE:EVENT'), ended]).toEqual([true, false]);
    expect(segments.length).toBeGreaterThan(0);
    for (const { name } of segments) expect((await stat(inLibrary(track, name))).size).toBeGreaterThan(0);
  }
}

/** Closes the folder, and looks at all of it. */
async function closeAndCheck(id: string): Promise<void> {
  const { result } = await reelay.api.until(id, 'completed', ONCE_MS);
  const { path, frames } = result as { path: string; frames: number };
  expect(frames).toBe(CLIP_SECONDS * 30);
  expect((await playlist('360p')).ended).toBe(true);
  await runJob(reelay, 'package_hls_dash', { parts: [path], outputPath: FOLDER, progressive: true });
  for (const track of ['720p', '360p', 'audio']) {
    const { text, ended, segments, target } = await playlist(track);
    expect([text.includes('#EXT-X-PLAYLIST-TYPE:VOD'), ended]).toEqual([true, true]);
    expect(Math.max(...segments.map(({ seconds }) => seconds))).toBeLessThanOrEqual(target);
    const decoded = await decodeSegments(inLibrary(track));
    expect(decoded.map(({ name }) => name)).toEqual(segments.map(({ name }) => name));
    if (track !== 'audio') expect(decoded.map(({ packets }) => packets)).toEqual(Array(CLIP_SECONDS).fill(30));
  }
  expect(await readVariants(inLibrary('master.m3u8'))).toHaveLength(2);
  expect(await readFile(inLibrary('manifest.mpd'), 'utf8')).toContain('<MPD ');
  expect(await readFile(inLibrary('720p', 'iframes.m3u8'), 'utf8')).toContain('#EXT-X-I-FRAMES-ONLY');
  await eventually('nothing hidden is left', async () => {
    const names = await readdir(inLibrary(), { recursive: true });
    return !names.some((name) => /(^|\/)\./.test(name));
  });
}

it(
  'an encode can be watched while it runs, and its folder is closed in place',
  async () => {
    const { id, params } = await startLive(1);
    await mustPlaySoFar();
    const before = (await playlist('360p')).segments.length;
    await eventually('it grows', async () => (await playlist('360p')).segments.length > before, 60_000);
    await mustPlaySoFar();
    // Nobody else takes the folder.
    const other = await reelay.api.submit('encode_rendition', params);
    await closeAndCheck(id);
    const refused = await reelay.api.until(other, 'failed', 60_000);
    expect(refused.error).toMatchObject({ code: 'OUTPUT_EXISTS', retryable: false });
    await decodeSegments(inLibrary('360p'));
    await expectSound(reelay, {});
  },
  TWICE_MS,
);

it(
  'a worker killed in mid-encode leaves a playlist that the next one goes on with: it never shrinks',
  async () => {
    const { id } = await startLive(2);
    await eventually('some is there', async () => (await playlist('720p')).segments.length >= 4, 60_000);
    const [encoder] = await encodersOf(reelay.mediaRoot);
    process.kill(encoder?.parent ?? 0, 'SIGKILL');
    const killedAt = (await playlist('720p')).segments;
    const seenInode = (await stat(inLibrary('720p', '00001.m4s'))).ino;
    let least = 0;
    await eventually(
      'another worker gets further',
      async () => {
        const { segments } = await playlist('720p');
        expect(segments.length).toBeGreaterThanOrEqual(least);
        least = segments.length;
        return least > killedAt.length;
      },
      ONCE_MS,
    );
    // What players have already is what it was.
    expect((await stat(inLibrary('720p', '00001.m4s'))).ino).toBe(seenInode);
    await closeAndCheck(id);
    expect(await attemptStates(reelay, id)).toEqual(['lost', 'completed']);
    await expectSound(reelay, {});
  },
  TWICE_MS,
);

it('an encode that is cancelled takes its folder with it: no playlist promises what will never come', async () => {
  const { id } = await startLive(1);
  await reelay.api.call('POST', `/api/media/jobs/${id}/cancel`);
  await reelay.api.until(id, 'cancelled');
  await eventually('the folder is gone', async () => (await readdir(join(reelay.mediaRoot, 'packages'))).length === 0);
  expect(await readdir(join(reelay.mediaRoot, 'work'))).toEqual([]);
  await expectSound(reelay, {});
});

it('an encode whose ffmpeg is killed takes its folder with it, since its retry comes much later', async () => {
  const { id } = await startLive(1);
  const [encoder] = await encodersOf(reelay.mediaRoot);
  process.kill(encoder?.pid ?? 0, 'SIGKILL');
  await eventually('it is to be tried again', async () => (await reelay.api.job(id)).retryCount === 1, 60_000);
  await eventually('the folder is gone', async () => (await readdir(join(reelay.mediaRoot, 'packages'))).length === 0);
  await reelay.api.call('POST', `/api/media/jobs/${id}/cancel`);
  await reelay.api.until(id, 'cancelled');
});
