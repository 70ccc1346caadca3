import { guardedInput, type VideoStreamInfo } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { isMostlyRepeated, planLayout, planSheet, planTile, planTiles, spriteCues } from './sprite.plan.js';

const input = '/media/videos/in.mp4';
const guards = guardedInput(input).join(' ');
const hd: VideoStreamInfo = {
  codec: 'h264',
  profile: 'High',
  pixelFormat: 'yuv420p',
  width: 1280,
  height: 720,
  displayAspectRatio: null,
  fps: 25,
  rotation: 0,
  bitrateKbps: null,
};

describe('planLayout', () => {
  it.each([
    ['a hundred pictures of a long film', 1000, {}, { tiles: 100, intervalSeconds: 10 }],
    ['one for each second of a short one', 12.5, {}, { tiles: 12, intervalSeconds: 12.5 / 12 }],
    ['one at least', 0.04, {}, { tiles: 1, intervalSeconds: 0.04 }],
    ['as many as asked for', 0.5, { count: 4 }, { tiles: 4, intervalSeconds: 0.125 }],
    ['never two within a millisecond', 0.003, { count: 50 }, { tiles: 3 }],
    [
      'every so many seconds, the last one for what is left',
      10,
      { intervalSeconds: 4 },
      { tiles: 3, intervalSeconds: 4 },
    ],
    ['no more than a thousand', 5000, { intervalSeconds: 1 }, { tiles: 1000, intervalSeconds: 5 }],
  ])('%s', (_, seconds, asked, expected) => {
    expect(planLayout(hd, seconds, asked)).toMatchObject(expected);
  });

  it.each([
    ['the usual size', hd, {}, { width: 160, height: 90 }],
    ['even sides', { ...hd, width: 33, height: 17 }, {}, { width: 32, height: 16 }],
    ['upright', { ...hd, rotation: 90 }, { width: 90 }, { width: 90, height: 160 }],
    ['square pixels', { ...hd, width: 720, height: 576, displayAspectRatio: '16:9' }, {}, { width: 160, height: 90 }],
    ['one pixel', { ...hd, width: 1, height: 1 }, {}, { width: 2, height: 2 }],
    ['very tall', { ...hd, width: 100, height: 8000 }, {}, { width: 12, height: 1024 }],
  ])('a tile: %s', (_, video, asked, tile) => {
    expect(planLayout(video, 100, asked).tile).toEqual(tile);
  });

  it.each([
    ['as large as its tiles', 7, {}, { columns: 7, rows: 1, sheets: 1 }],
    ['ten rows of ten', 100, {}, { columns: 10, rows: 10, sheets: 1 }],
    ['then another', 101, {}, { columns: 10, rows: 10, sheets: 2 }],
    ['smaller where tiles are large', 100, { width: 640 }, { columns: 6, rows: 10, sheets: 2 }],
    ['as wide as asked', 100, { columns: 4 }, { columns: 4, rows: 10, sheets: 3 }],
  ])('a sheet: %s', (_, count, asked, sheet) => {
    expect(planLayout(hd, 1000, { count, ...asked })).toMatchObject(sheet);
  });

  it.each([
    [60, 10, 'all'],
    [600, 200, 'all'],
    [600, 100, 'keys'],
    [3600, 100, 'keys'],
    [7200, 100, 'seeks'],
  ])('of %d s with %d pictures: %s', (seconds, count, method) => {
    expect(planLayout(hd, seconds, { count }).method).toBe(method);
  });
});

describe('the commands', () => {
  const layout = planLayout(hd, 30, { intervalSeconds: 2, columns: 4 });

  it('of all tiles in one pass', () => {
    const rest =
      '-map 0:V:0 -vf setpts=PTS+1.000000/TB,fps=1/2.000000:start_time=0:round=up,' +
      'scale=160:90:flags=area,setsar=1,format=yuv420p,tpad=stop_mode=clone:stop=15,trim=start_frame=1,' +
      'setpts=PTS-STARTPTS -frames:v 15 -f rawvideo file:/work/t.yuv';
    expect(planTiles(input, layout, 'all', '/work/t.yuv').join(' ')).toBe(`${guards} ${rest}`);
    expect(planTiles(input, layout, 'keys', '/work/t.yuv').join(' ')).toBe(`-skip_frame nokey ${guards} ${rest}`);
  });

  it('of one tile', () => {
    expect(planTile(input, layout, 3, '/work/t.yuv').join(' ')).toBe(
      `-skip_frame nokey -noaccurate_seek -ss 7.000 ${guards} -map 0:V:0 ` +
        '-vf scale=160:90:flags=area,setsar=1,format=yuv420p -frames:v 1 -f rawvideo file:/work/t.yuv',
    );
  });

  it('of a sheet', () => {
    const { args, expect: expected } = planSheet('/work/t.yuv', planLayout(hd, 130, { count: 130 }), 1, '/out/2.jpg');
    expect(args.join(' ')).toBe(
      '-f rawvideo -pixel_format yuv420p -video_size 160x90 -framerate 1 -skip_initial_bytes 2160000 ' +
        `${guardedInput('/work/t.yuv', 'rawvideo').join(' ')} -vf tile=10x10 -frames:v 1 ` +
        '-c:v mjpeg -q:v 4 -pix_fmt yuvj420p -f image2 -update 1 file:/out/2.jpg',
    );
    expect(expected).toEqual({ kind: 'picture', videoCodec: 'mjpeg', width: 1600, height: 900 });
  });
});

describe('spriteCues', () => {
  it('name the part of a sheet for every moment of the film', () => {
    expect(spriteCues(planLayout(hd, 3.5, { intervalSeconds: 1, columns: 2 }))).toBe(
      [
        'WEBVTT\n',
        '00:00:00.000 --> 00:00:01.000\nsprite/1.jpg#xywh=0,0,160,90\n',
        '00:00:01.000 --> 00:00:02.000\nsprite/1.jpg#xywh=160,0,160,90\n',
        '00:00:02.000 --> 00:00:03.000\nsprite/1.jpg#xywh=0,90,160,90\n',
        '00:00:03.000 --> 00:00:03.500\nsprite/1.jpg#xywh=160,90,160,90\n',
      ].join('\n'),
    );
  });

  it('go on with the next sheet, and the next hour', () => {
    const cues = spriteCues(planLayout(hd, 7200, { count: 120 }));
    expect(cues).toContain('01:39:00.000 --> 01:40:00.000\nsprite/1.jpg#xywh=1440,810,160,90\n');
    expect(cues).toContain('01:40:00.000 --> 01:41:00.000\nsprite/2.jpg#xywh=0,0,160,90\n');
  });
});

it('tiles that mostly repeat the one before tell no times apart', () => {
  const layout = planLayout(hd, 100, { count: 10 });
  expect([0, 5, 6].map((repeated) => isMostlyRepeated(repeated, layout))).toEqual([false, false, true]);
});
