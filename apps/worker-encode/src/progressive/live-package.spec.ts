import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INIT_FILE, segmentName, systemErrorCode } from '@reelay/media';
import { aacDescription, avcDescription, cmafInit, cmafSegment } from '@reelay/media/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FFMPEG_PLAYLIST } from '../encode-rendition/encode-rendition.plan.js';
import { readMaster, readPlaylist, type ReadPlaylist } from '../package-hls-dash/manifest-reader.js';
import { MEDIA_PLAYLIST } from '../package-hls-dash/package-model.js';
import type { Claim } from './claims.js';
import { LivePackage, liveTarget } from './live-package.js';

const PATH = 'packages/film';
const MASTER = 'master.m3u8';
/** Units of a sample, which are those of a segment of one sample. */
const SAMPLE = 1001;

let library: string;
let folder: string;
let running: LivePackage[];

beforeEach(async () => {
  library = await mkdtemp(join(tmpdir(), 'reelay-live-'));
  await mkdir(join(library, 'packages'));
  folder = join(library, PATH);
  running = [];
});
afterEach(async () => {
  for (const live of running) await live.stop();
  await rm(library, { recursive: true, force: true });
});

const rendition = (name: string, height: number): Claim['renditions'][number] => ({
  ...{ name, width: height * 2, height, level: '3' },
  ...{ videoBitrateKbps: height, maxrateKbps: height * 2, bufsizeKbps: height * 2 },
});
const both: Claim = {
  ...{
    job: 'job-1',
    attempt: 1,
    source: 'videos/film.mp4',
    sourceHasSound: true,
    frameRate: '30000/1001',
    gopFrames: 1,
  },
  renditions: [rendition('720p', 720), rendition('360p', 360)],
  audio: { bitrateKbps: 128, channels: 2, sampleRate: 48_000 },
};
const picture: Claim = { ...both, audio: null };
const TRACKS = ['720p', '360p', 'audio'];

async function joinAs(claim: Claim): Promise<LivePackage> {
  const live = await LivePackage.join(folder, PATH, claim);
  running.push(live);
  return live;
}

/** What is there already may have been published, and stays. */
async function writeNew(file: string, content: Buffer): Promise<void> {
  await writeFile(file, content, { flag: 'wx' }).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  });
}

/** Encodes so many segments of each track, as ffmpeg leaves them in a folder of work. @param named how many it says are complete */
async function encode(
  tracks: readonly string[],
  count: number,
  { run = 'run-1', bytes = 40, named = count, samples = 1 } = {},
): Promise<string> {
  const work = join(library, run);
  for (const track of tracks) {
    const own = join(work, track);
    await mkdir(own, { recursive: true });
    const init = track === 'audio' ? cmafInit('soun', aacDescription(0x1190)) : cmafInit('vide', avcDescription);
    await writeNew(join(own, INIT_FILE), init);
    const names = Array.from({ length: count }, (_, index) => segmentName(index + 1));
    for (const [index, name] of names.entries()) {
      const packets = Array.from({ length: samples }, () => ({ size: bytes }));
      await writeNew(join(own, name), cmafSegment(index * SAMPLE * samples, packets));
    }
    await writeFile(join(own, FFMPEG_PLAYLIST), `#EXTM3U\n${names.slice(0, named).join('\n')}\n`);
  }
  return work;
}

const textOf = (...path: string[]): Promise<string> => readFile(join(folder, ...path), 'utf8');
const playlist = async (track: string): Promise<ReadPlaylist> => readPlaylist(await textOf(track, MEDIA_PLAYLIST));
const listed = async (track: string): Promise<string[]> => (await playlist(track)).entries.map(({ name }) => name);
const variants = async (): Promise<string[]> => readMaster(await textOf(MASTER)).variants.map(({ uri }) => uri);
const visible = async (...path: string[]): Promise<string[]> =>
  (await readdir(join(folder, ...path))).filter((name) => !name.startsWith('.')).sort();
const inode = async (...path: string[]): Promise<number> => (await stat(join(...path))).ino;
const codeOf = (done: Promise<unknown>): Promise<unknown> =>
  done.then(
    () => 'done',
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  );

const SEGMENTS = [1, 2, 3, 4].map(segmentName);

describe('while an encode runs', () => {
  it('segments appear as soon as ffmpeg says that they are complete, and no sooner', async () => {
    const live = await joinAs(both);
    expect(await visible()).toEqual(TRACKS.toSorted());
    live.start(await encode(TRACKS, 3, { named: 2 }));
    await vi.waitFor(async () => {
      expect(await variants()).toEqual(['360p/index.m3u8', '720p/index.m3u8']);
    }, 10_000);
    for (const track of TRACKS) {
      expect(await visible(track)).toEqual([...SEGMENTS.slice(0, 2), MEDIA_PLAYLIST, INIT_FILE].sort());
      expect(await playlist(track)).toMatchObject({ type: 'EVENT', ended: false, map: INIT_FILE });
      expect(await listed(track)).toEqual(SEGMENTS.slice(0, 2));
    }
    await encode(TRACKS, 4, { named: 3 });
    await vi.waitFor(async () => {
      expect(await listed('audio')).toEqual(SEGMENTS.slice(0, 3));
    }, 10_000);
    await live.stop();
    expect(live.failed.aborted).toBe(false);
  });

  it('players cannot begin before there is sound, and the smallest picture', async () => {
    const live = await joinAs(both);
    const work = await encode(['720p', '360p'], 1);
    live.start(work);
    await vi.waitFor(async () => {
      expect(await listed('360p')).toEqual(SEGMENTS.slice(0, 1));
    }, 10_000);
    await live.stop();
    expect(await visible()).not.toContain(MASTER);
    await encode(TRACKS, 1);
    live.start(work);
    await vi.waitFor(async () => {
      expect(await visible()).toContain(MASTER);
    }, 10_000);
  });

  it('a run whose job has begun anew stops with the reason, and publishes nothing more', async () => {
    const old = await joinAs(both);
    await joinAs({ ...both, attempt: 2 });
    const work = await encode(TRACKS, 2);
    old.start(work);
    await vi.waitFor(() => {
      expect(old.failed.reason).toMatchObject({ code: 'OUTPUT_EXISTS' });
    }, 10_000);
    expect(await codeOf(old.publishAll(work))).toBe('OUTPUT_EXISTS');
    await old.end();
    await old.withdraw();
    expect(await visible()).toEqual(TRACKS.toSorted());
    for (const track of TRACKS) expect(await visible(track)).toEqual([]);
  });
});

describe('when an encode has ended', () => {
  it('all of it is there, and the encode holds the same files', async () => {
    const live = await joinAs(both);
    const work = await encode(TRACKS, 3, { named: 0 });
    await live.publishAll(work);
    for (const track of TRACKS) {
      expect(await playlist(track)).toMatchObject({ type: 'EVENT', ended: false });
      expect(await listed(track)).toEqual(SEGMENTS.slice(0, 3));
      for (const name of [INIT_FILE, ...SEGMENTS.slice(0, 3)]) {
        expect(await inode(work, track, name)).toBe(await inode(folder, track, name));
      }
    }
    expect(await variants()).toEqual(['360p/index.m3u8', '720p/index.m3u8']);
    await live.end();
    for (const track of TRACKS) expect(await playlist(track)).toMatchObject({ type: 'EVENT', ended: true });
    expect(await readdir(join(folder, 'audio'))).toEqual(await visible('audio'));
  });

  it('the target duration is what players were told at first', async () => {
    const live = await joinAs({ ...both, gopFrames: 45 });
    await live.publishAll(await encode(TRACKS, 1));
    expect((await playlist('720p')).target).toBe(liveTarget({ ...both, gopFrames: 45 }));
  });
});

describe('a run after one that was killed', () => {
  it('leaves what players may have, and goes on from there', async () => {
    const killed = await joinAs(both);
    killed.start(await encode(TRACKS, 3));
    await vi.waitFor(async () => {
      expect(await listed('audio')).toHaveLength(3);
    }, 10_000);
    await killed.stop();
    const seen = await inode(folder, '720p', '00001.m4s');
    const before = await textOf('720p', '00001.m4s');

    const retry = await joinAs({ ...both, attempt: 2 });
    // The same pictures, in other bytes.
    const work = await encode(TRACKS, 1, { run: 'run-2', bytes: 50 });
    retry.start(work);
    await vi.waitFor(async () => {
      expect(await listed('720p')).toEqual(SEGMENTS.slice(0, 3));
    }, 10_000);
    await encode(TRACKS, 4, { run: 'run-2', bytes: 50 });
    await vi.waitFor(async () => {
      expect(await listed('audio')).toEqual(SEGMENTS);
    }, 10_000);
    await retry.stop();
    await retry.publishAll(work);

    expect(await listed('720p')).toEqual(SEGMENTS);
    expect(await inode(folder, '720p', '00001.m4s')).toBe(seen);
    expect(await textOf('720p', '00001.m4s')).toBe(before);
    // What was verified is what is published.
    expect(await readFile(join(work, '720p', '00001.m4s'), 'utf8')).toBe(before);
  });

  it('never has a playlist name less than before', async () => {
    const killed = await joinAs(both);
    await killed.publishAll(await encode(TRACKS, 3));
    // It comes back when the next run has looked.
    await rm(join(folder, MASTER));
    const retry = await joinAs({ ...both, attempt: 2 });
    retry.start(await encode(TRACKS, 1, { run: 'run-2' }));
    await vi.waitFor(async () => {
      expect(await visible()).toContain(MASTER);
    }, 10_000);
    await retry.stop();
    for (const track of TRACKS) expect(await listed(track)).toEqual(SEGMENTS.slice(0, 3));
  });

  it.each([
    ['segments are of another length', (run: string) => encode(TRACKS, 2, { run, samples: 2 })],
    [
      'encoder is set up in another way',
      async (run: string) => {
        const work = await encode(TRACKS, 2, { run });
        const other = Buffer.from(avcDescription);
        other[other.length - 1] = 0xfe;
        await writeFile(join(work, '720p', INIT_FILE), cmafInit('vide', other));
        return work;
      },
    ],
  ])('fails when its %s: players have the earlier ones', async (_, encodeAnew) => {
    const killed = await joinAs(both);
    await killed.publishAll(await encode(TRACKS, 1));
    const before = await textOf('720p', '00001.m4s');
    const retry = await joinAs({ ...both, attempt: 2 });
    expect(await codeOf(retry.publishAll(await encodeAnew('run-2')))).toBe('OUTPUT_EXISTS');
    expect(await textOf('720p', '00001.m4s')).toBe(before);
  });
});

describe('what is taken back', () => {
  it('goes as a whole, with nothing left beside it', async () => {
    const live = await joinAs(both);
    await live.publishAll(await encode(TRACKS, 2));
    await live.withdraw();
    expect(await readdir(join(library, 'packages'))).toEqual([]);
  });

  it('leaves what other jobs publish to the same folder', async () => {
    const pictures = await joinAs(picture);
    const sound = await joinAs({ ...both, job: 'job-2', renditions: [] });
    await pictures.publishAll(await encode(['720p', '360p'], 2));
    await sound.publishAll(await encode(['audio'], 2));
    expect(await variants()).toEqual(['360p/index.m3u8', '720p/index.m3u8']);
    await pictures.withdraw();
    expect(await visible()).toEqual(['audio', MASTER]);
    expect(await variants()).toEqual(['audio/index.m3u8']);
    await sound.withdraw();
    expect(await readdir(join(library, 'packages'))).toEqual([]);
  });

  it('is named by no master playlist where nothing else is there yet', async () => {
    const pictures = await joinAs(picture);
    await joinAs({ ...both, job: 'job-2', renditions: [] });
    await pictures.publishAll(await encode(['720p', '360p'], 2));
    expect(await visible()).toContain(MASTER);
    await pictures.withdraw();
    expect(await visible()).toEqual(['audio']);
  });
});

describe('two jobs of one video', () => {
  it('are named by one master playlist, whoever published last', async () => {
    const large = await joinAs({ ...picture, renditions: [rendition('720p', 720)], sourceHasSound: false });
    await large.publishAll(await encode(['720p'], 1));
    expect(await variants()).toEqual(['720p/index.m3u8']);
    const small = await joinAs({ ...both, job: 'job-2', renditions: [rendition('360p', 360)] });
    await small.publishAll(await encode(['360p', 'audio'], 1));
    const master = readMaster(await textOf(MASTER));
    expect(master.variants.map(({ uri }) => uri)).toEqual(['360p/index.m3u8', '720p/index.m3u8']);
    expect(master.audio.map(({ uri }) => uri)).toEqual(['audio/index.m3u8']);
  });
});

describe('the target duration', () => {
  it.each([
    [{ gopFrames: 50, frameRate: '25', audio: null }, 2],
    [{ gopFrames: 51, frameRate: '25', audio: null }, 3],
    [{ gopFrames: 60, frameRate: '30000/1001', audio: null }, 3],
    // A packet of sound reaches beyond the last picture.
    [{ gopFrames: 50, frameRate: '25', audio: both.audio }, 3],
  ])('of %j is %d s', (claim, seconds) => {
    expect(liveTarget(claim)).toBe(seconds);
  });
});
