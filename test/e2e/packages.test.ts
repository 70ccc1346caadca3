import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeSegments, readMediaPlaylist, readVariants } from '../support/manifests.js';
import { addSample, makeVideo, probeFile, turnVideo } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { encodesOf, linkTo, makePackage, plan, runJob, type Journey } from '../support/packages.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-encode': 1, 'worker-library': 1 } });
});
afterAll(async () => {
  await expectSound(reelay, {});
  await reelay.stop();
});

const inLibrary = (...path: string[]): string => join(reelay.mediaRoot, ...path);

/** A film made of a test picture, with a tone unless told otherwise. */
const film = (name: string, picture: string, more: readonly string[] = [], seconds = 5): Promise<string> =>
  makeVideo(reelay.mediaRoot, name, [
    ...['-f', 'lavfi', '-i', `testsrc2=${picture}:duration=${String(seconds)}`],
    ...['-f', 'lavfi', '-i', `sine=duration=${String(seconds)}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', ...more],
  ]);

/** The package's files, checked with other tools than those that made it. */
async function mustBeSound({ packaged, ladder }: Journey): Promise<void> {
  const folder = inLibrary(packaged.path);
  const variants = await readVariants(join(folder, 'master.m3u8'));
  expect(variants).toHaveLength(packaged.renditions.length);
  const sound = packaged.audio === null ? [] : await decodeSegments(join(folder, 'audio'));
  const starts: number[][] = [];
  for (const { name, width, height } of packaged.renditions) {
    const list = await readMediaPlaylist(join(folder, name, 'index.m3u8'));
    const decoded = await decodeSegments(join(folder, name));
    expect(decoded.map((each) => each.name)).toEqual(list.segments.map((each) => each.name));
    expect(list.ended).toBe(true);
    expect(Math.max(...list.segments.map(({ seconds }) => seconds))).toBeLessThanOrEqual(list.target);
    // All but the last are as long as planned, in frames and in seconds.
    expect(decoded.slice(0, -1).every(({ packets }) => packets === ladder.gopFrames)).toBe(true);
    let at = 0;
    for (const [index, { start }] of decoded.entries()) {
      expect(start).toBeCloseTo(at, 3);
      at += list.segments[index]?.seconds ?? 0;
    }
    starts.push(decoded.map(({ start }) => start));
    const variant = variants.find(({ uri }) => uri === `${name}/index.m3u8`);
    const { streams } = await probeFile(join(folder, name, 'index.m3u8'));
    expect(streams).toMatchObject([{ codec_name: 'h264', width, height }]);
    expect(variant?.RESOLUTION).toBe(`${String(width)}x${String(height)}`);
    const peak = (segments: readonly { bytes: number }[], seconds: readonly { seconds: number }[]): number =>
      Math.max(...segments.map(({ bytes }, index) => (bytes * 8) / (seconds[index]?.seconds ?? 1)).slice(0, -1));
    const heard = packaged.audio === null ? null : await readMediaPlaylist(join(folder, 'audio', 'index.m3u8'));
    const least = decoded.length > 1 ? peak(decoded, list.segments) + (heard ? peak(sound, heard.segments) : 0) : 0;
    expect(Number(variant?.BANDWIDTH)).toBeGreaterThanOrEqual(Math.floor(least));
    expect(Number(variant?.['AVERAGE-BANDWIDTH'])).toBeLessThanOrEqual(Number(variant?.BANDWIDTH));
  }
  // The same segments in all renditions.
  for (const other of starts.slice(1)) expect(other).toEqual(starts[0]);
  const manifest = await readFile(join(folder, 'manifest.mpd'), 'utf8');
  expect(manifest).not.toContain('BaseURL');
  expect(manifest.match(/<Representation /g)).toHaveLength(packaged.renditions.length + (packaged.audio ? 1 : 0));
}

describe('a package of a real video', () => {
  let journey: Journey;

  beforeAll(async () => {
    journey = await makePackage(reelay, await addSample(reelay.mediaRoot), { segmentSeconds: 2, groups: 2 });
    await mustBeSound(journey);
  });

  it('has renditions of several jobs, none larger than the video', () => {
    const { ladder, encoded, packaged } = journey;
    expect(encoded).toHaveLength(2);
    expect(ladder.renditions.map(({ name }) => name)).toEqual(['720p', '480p', '360p']);
    expect(packaged.renditions.map(({ width, height }) => [width, height])).toEqual([
      [1280, 720],
      [854, 480],
      [640, 360],
    ]);
    expect(packaged.path).toBe('packages/sample');
  });

  it('names the codecs, rates and sizes that are in its segments', async () => {
    const folder = inLibrary(journey.packaged.path);
    for (const variant of await readVariants(join(folder, 'master.m3u8'))) {
      const [name = ''] = (variant.uri ?? '').split('/');
      // Profile, constraints and level follow the version in the decoder's set-up.
      const init = await readFile(join(folder, name, 'init.mp4'));
      const at = init.indexOf('avcC') + 5;
      expect(variant.CODECS).toBe(`avc1.${init.toString('hex', at, at + 3)},mp4a.40.2`);
      expect(variant['FRAME-RATE']).toBe((journey.packaged.renditions[0]?.frameRate ?? 0).toFixed(3));
      expect(variant.AUDIO).toBe('audio');
    }
  });

  it('lists key pictures by their places in the segments', async () => {
    const folder = inLibrary(journey.packaged.path, '360p');
    const text = await readFile(join(folder, 'iframes.m3u8'), 'utf8');
    const listed = [...text.matchAll(/#EXT-X-BYTERANGE:(\d+)@(\d+)\n(.+)\n/g)];
    expect(listed).toHaveLength(journey.packaged.renditions[2]?.segments ?? 0);
    for (const [, length, offset, name = ''] of listed) {
      const segment = await readFile(join(folder, name));
      const part = segment.subarray(Number(offset), Number(offset) + Number(length));
      // The head of the fragment, and its first picture with nothing after it.
      expect(part.toString('latin1', 4, 8)).toBe('moof');
      const nal = part.subarray(part.indexOf('mdat') + 4);
      const types: number[] = [];
      let at = 0;
      for (; at + 5 <= nal.length; at += 4 + nal.readUInt32BE(at)) types.push((nal[at + 4] ?? 0) & 31);
      expect(at).toBe(nal.length);
      // 5 is a picture that refers to no other.
      expect(types).toContain(5);
    }
  });

  it('takes no room of its own: its segments are those that were encoded', async () => {
    const { encoded, packaged } = journey;
    const part = encoded[0]?.renditions[0]?.path ?? '';
    const [one, other] = await Promise.all(
      [inLibrary(part, '00001.m4s'), inLibrary(packaged.path, '720p', '00001.m4s')].map((file) => stat(file)),
    );
    expect(one?.ino).toBe(other?.ino);
  });

  it('has sound that begins with the picture', async () => {
    const [first] = await decodeSegments(inLibrary(journey.packaged.path, 'audio'));
    expect(first?.start).toBe(0);
  });
});

describe('films of any shape', () => {
  it('turned by a phone: height is the shorter side', async () => {
    const inputPath = await turnVideo(
      reelay.mediaRoot,
      'portrait.mp4',
      await film('flat.mp4', 'size=1280x720:rate=25'),
    );
    const journey = await makePackage(reelay, inputPath);
    expect(journey.packaged.renditions.map(({ width, height }) => [width, height])).toEqual([
      [720, 1280],
      [480, 854],
      [360, 640],
    ]);
    await mustBeSound(journey);
  });

  it('with pixels that are not square: seen as it is meant', async () => {
    const journey = await makePackage(
      reelay,
      await film('anamorphic.mp4', 'size=720x576:rate=25', ['-vf', 'setsar=64/45']),
    );
    expect(journey.packaged.renditions.map(({ width, height }) => [width, height])).toEqual([
      [854, 480],
      [640, 360],
    ]);
    await mustBeSound(journey);
  });

  it('without sound, and of odd size', async () => {
    const inputPath = await makeVideo(reelay.mediaRoot, 'odd.mkv', [
      ...[
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=640x360:rate=30000/1001:duration=5',
        '-vf',
        'scale=333:187',
        '-c:v',
        'ffv1',
        '-pix_fmt',
        'yuv444p',
      ],
    ]);
    const journey = await makePackage(reelay, inputPath, { segmentSeconds: 1 });
    expect(journey.ladder).toMatchObject({ audio: null, frameRate: '30000/1001', gopFrames: 30 });
    expect(journey.packaged.renditions).toMatchObject([{ name: '187p', width: 332, height: 186, frameRate: 29.97 }]);
    expect(journey.packaged.audio).toBeNull();
    await mustBeSound(journey);
  });

  it('with frames at uneven times: at an even rate', async () => {
    const uneven = ['-vf', "select='lt(mod(n,30),10)+not(mod(n,3))'", '-fps_mode', 'vfr'];
    const journey = await makePackage(reelay, await film('uneven.mkv', 'size=640x360:rate=30', uneven));
    expect(journey.ladder.frameRate).toBe('30');
    await mustBeSound(journey);
    expect(journey.packaged.durationSeconds).toBeCloseTo(5, 0);
  });

  it('whose sound starts late and ends early', async () => {
    const inputPath = await makeVideo(reelay.mediaRoot, 'late.mkv', [
      ...[
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=320x180:rate=25:duration=6',
        '-itsoffset',
        '2',
        '-f',
        'lavfi',
        '-i',
        'sine=duration=2',
      ],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'],
    ]);
    const journey = await makePackage(reelay, inputPath, { segmentSeconds: 2 });
    await mustBeSound(journey);
    const seconds = (await readMediaPlaylist(inLibrary(journey.packaged.path, 'audio', 'index.m3u8'))).segments;
    expect(seconds.reduce((sum, each) => sum + each.seconds, 0)).toBeCloseTo(6, 0);
  });

  it('with a name that means something to others', async () => {
    const inputPath = await film('100% "<ü>" & %d.mp4', 'size=320x180:rate=25', [], 2);
    const journey = await makePackage(reelay, inputPath);
    expect(journey.packaged.path).toBe('packages/100% "<ü>" & %d');
    await mustBeSound(journey);
    expect((await fetch((await linkTo(reelay, journey.packaged.path)).hls)).status).toBe(200);
  });
});

describe('plan_ladder', () => {
  it('takes what is asked for, and shares it out', async () => {
    const inputPath = await film('asked.mp4', 'size=1280x720:rate=50');
    const ladder = await plan(reelay, {
      ...{ inputPath, segmentSeconds: 6, groups: 2 },
      renditions: [{ height: 2160 }, { height: 720, videoBitrateKbps: 3000 }, { height: 540 }, { height: 270 }],
    });
    expect(ladder.gopFrames).toBe(300);
    expect(ladder.renditions).toMatchObject([
      { name: '720p', videoBitrateKbps: 3000, width: 1280 },
      { name: '540p', width: 960 },
      { name: '270p', width: 480 },
    ]);
    expect(ladder.groups).toMatchObject([
      { name: '720p', audio: null },
      { name: '540p-270p', audio: { channels: 1 } },
    ]);
    expect(ladder.notes.join()).toContain('smaller than 2160');
  });

  it('finds easy films easy and hard ones hard, where it may look', async () => {
    const still = await makeVideo(reelay.mediaRoot, 'still.mp4', [
      ...[
        '-f',
        'lavfi',
        '-i',
        'color=gray:size=640x360:rate=25:duration=20',
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
      ],
    ]);
    const noise = await makeVideo(reelay.mediaRoot, 'noise.mp4', [
      ...['-f', 'lavfi', '-i', 'color=gray:size=640x360:rate=25:duration=10,noise=alls=60:allf=t'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '18'],
    ]);
    const renditions = [{ height: 360 }, { height: 180 }];
    const [easy, hard] = [
      await plan(reelay, { inputPath: still, perTitle: true, renditions }),
      await plan(reelay, { inputPath: noise, perTitle: true, renditions }),
    ];
    expect(easy.perTitle?.places).toBe(4);
    // A sample may have one picture more.
    expect(easy.perTitle?.sampledSeconds).toBeCloseTo(8, 0);
    for (const [index, rung] of (easy.perTitle?.rungs ?? []).entries()) {
      const other = hard.perTitle?.rungs[index];
      expect(rung.measured[0]?.kbps ?? 0).toBeLessThan(other?.measured[0]?.kbps ?? 0);
      expect(rung.chosenKbps).toBeLessThan(rung.usualKbps);
      expect(other?.chosenKbps).toBeGreaterThan(other?.usualKbps ?? 0);
    }
    // A size that shows all of it is enough; noise is lost in any that is smaller.
    expect(easy.renditions.map(({ name }) => name)).toEqual(['180p']);
    expect(hard.renditions.map(({ name }) => name)).toEqual(['360p', '180p']);
    expect(easy.renditions[0]?.videoBitrateKbps).toBe(easy.perTitle?.rungs[1]?.chosenKbps);
  });
});

describe('a package', () => {
  it('is not made of segments that are damaged, nor of ones that are missing', async () => {
    const inputPath = await film('to-damage.mp4', 'size=320x180:rate=25');
    const ladder = await plan(reelay, { inputPath, segmentSeconds: 1 });
    const [params = {}] = encodesOf(ladder);
    const { result } = await runJob(reelay, 'encode_rendition', params);
    const { path } = result as { path: string };
    const file = inLibrary(path, '180p', '00003.m4s');
    const whole = await readFile(file);
    const spoilt = Buffer.from(whole);
    spoilt.fill(0xff, spoilt.indexOf('mdat') + 12);
    const damages: readonly [() => Promise<unknown>, string][] = [
      [() => truncate(file, whole.length - 10), 'cut off'],
      [() => truncate(file, 0), 'empty'],
      [() => writeFile(file, spoilt), 'decode'],
    ];
    for (const [damage, words] of damages) {
      await damage();
      const job = await reelay.api.until(await reelay.api.submit('package_hls_dash', { parts: [path] }), 'failed');
      expect(job.error).toMatchObject({ code: 'OUTPUT_INVALID', retryable: false });
      expect(job.error?.message).toContain(words);
    }
    await runJob(reelay, 'delete_output', { paths: [`${path}/180p/00003.m4s`] });
    const job = await reelay.api.until(await reelay.api.submit('package_hls_dash', { parts: [path] }), 'failed');
    expect(job.error?.message).toContain('has no segment 00003.m4s');
    expect((await readdir(inLibrary('packages'))).filter((name) => name.includes('to-damage'))).toEqual([]);
  });

  it('is made of parts that belong together, and takes no name that is taken', async () => {
    const [one, other] = [
      await makePackage(reelay, await film('one.mp4', 'size=320x180:rate=25', [], 2)),
      await makePackage(reelay, await film('other.mp4', 'size=320x180:rate=25', [], 2)),
    ];
    const parts = [one, other].map(({ encoded }) => encoded[0]?.path ?? '');
    for (const [params, code] of [
      [{ parts }, 'INVALID_PARAMETERS'],
      [{ parts: [parts[0], parts[0]] }, 'INVALID_PARAMETERS'],
      [{ parts: ['inbox'] }, 'INPUT_NOT_FOUND'],
      [{ parts: [parts[0]], outputPath: other.packaged.path }, 'OUTPUT_EXISTS'],
      [{ parts: [parts[0]], outputPath: other.packaged.path, progressive: true }, 'OUTPUT_EXISTS'],
      [{ parts: [parts[0]], outputPath: 'packages/none', progressive: true }, 'INPUT_NOT_FOUND'],
    ] as const) {
      const job = await reelay.api.until(await reelay.api.submit('package_hls_dash', params), 'failed');
      expect(job.error).toMatchObject({ code });
    }
  });
});
