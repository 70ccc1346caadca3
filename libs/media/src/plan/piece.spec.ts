import { describe, expect, it } from 'vitest';
import { guardedInput } from '../input.js';
import type { MediaInfo, VideoStreamInfo } from '../media-info.js';
import { filterValue, fitFilters, gainFor, planCrossfade, planLoudness, planPiece, type Source } from './piece.js';

const video: VideoStreamInfo = {
  codec: 'h264',
  profile: 'High',
  pixelFormat: 'yuv420p',
  width: 640,
  height: 360,
  displayAspectRatio: null,
  fps: 30,
  rotation: 0,
  bitrateKbps: null,
};
const audio = { codec: 'aac', channels: 2, sampleRate: 44_100, bitrateKbps: null };
const source = (other: Partial<VideoStreamInfo> = {}, sound: MediaInfo['audio'] = audio): Source => ({
  path: '/media/in.mp4',
  media: {
    container: 'mov',
    durationSeconds: 9,
    sizeBytes: 1,
    bitrateKbps: 1,
    video: { ...video, ...other },
    audio: sound,
  },
});
const format = { width: 320, height: 180, fps: 25 };
const guards = guardedInput('/media/in.mp4').join(' ');

const picture = (frames: number, start = '0'): string =>
  `fps=25:eof_action=pass,tpad=stop=-1:stop_mode=clone,fps=25:start_time=${start},` +
  `scale=320:180,pad=320:180:0:0:black,setsar=1,format=yuv420p,trim=end_frame=${String(frames)}`;
const sound = (gain: string, samples: number, start = '0'): string =>
  `aresample=48000:async=1:first_pts=${start},aformat=sample_fmts=fltp:channel_layouts=stereo,${gain}apad,atrim=end_sample=${String(samples)}`;
const encoded = (frames: number): string =>
  `-map [v] -map [a] -map_metadata -1 -frames:v ${String(frames)} -c:v libx264 -preset veryfast -crf 21 ` +
  '-profile:v high -g 50';

describe('fitFilters', () => {
  it.each([
    ['the same shape fills it', {}, 'scale=320:180,pad=320:180:0:0:black'],
    ['a portrait gets bars at its sides', { width: 360, height: 640 }, 'scale=102:180,pad=320:180:108:0:black'],
    ['a turned one is upright', { rotation: 90 }, 'scale=102:180,pad=320:180:108:0:black'],
    ['a wide one gets bars above', { width: 640, height: 160 }, 'scale=320:80,pad=320:180:0:50:black'],
    ['pixels that are not square', { width: 480, displayAspectRatio: '16:9' }, 'scale=320:180,pad=320:180:0:0:black'],
    ['odd sides become even', { width: 161, height: 243 }, 'scale=120:180,pad=320:180:100:0:black'],
  ])('%s', (_, other, filters) => {
    expect(fitFilters(source(other), format).join(',')).toContain(filters);
  });
});

describe('the command of a piece', () => {
  const part = { source: source(), fromFrame: 50, frames: 75, gainDb: -2.5 };

  it('takes exactly its pictures, and as much sound', () => {
    expect(planPiece(part, format, '/work/p.mkv', { threads: 2 }).join(' ')).toBe(
      `-noaccurate_seek -ss 2.000000 ${guards} -filter_complex [0:V:0]${picture(75)}[v];` +
        `[0:a:0]${sound('volume=-2.50dB,alimiter=limit=0.9:level=false,', 144_000)}[a] ` +
        `${encoded(75)} -threads 2 -c:a pcm_s16le -f matroska file:/work/p.mkv`,
    );
  });

  it('has silence where the source has no sound', () => {
    const silent = { ...part, source: source({}, null), gainDb: 0 };
    const command = planPiece(silent, format, '/work/p.mkv').join(' ');
    expect(command).toContain(`${guards} -f lavfi -i anullsrc=r=48000:cl=stereo -filter_complex`);
    expect(command).toContain(`[1:a:0]${sound('', 144_000)}[a]`);
  });

  it('enters a stream without an index earlier, and leaves out what comes before the part', () => {
    const { path, media } = source();
    const stream = { ...part, source: { path, media: { ...media, container: 'mpegts' } }, gainDb: 0 };
    expect(planPiece(stream, format, '/work/p.mkv').join(' ')).toContain(
      `-noaccurate_seek -ss 0.000000 ${guards} -filter_complex [0:V:0]${picture(75, '2.000000,setpts=PTS-STARTPTS')}[v];` +
        `[0:a:0]${sound('', 144_000, '96000,asetpts=PTS-STARTPTS')}[a] `,
    );
    expect(planPiece({ ...stream, fromFrame: 1000 }, format, '/work/p.mkv').join(' ')).toContain('-ss 30.000000');
  });

  it('draws a title from a file', () => {
    const title = { textFile: "/work/it's: 1.txt", fontFile: '/fonts/a.ttf' };
    expect(planPiece(part, format, '/work/p.mkv', { title }).join(' ')).toContain(
      ",drawtext=fontfile=/fonts/a.ttf:textfile=/work/it\\\\\\'s\\\\: 1.txt:expansion=none:fontsize=10:fontcolor=white:" +
        'box=1:boxcolor=black@0.6:boxborderw=5:x=(w-text_w)/2:y=h-text_h-20:enable=lt(t\\,3)[v]',
    );
  });

  it('of a crossfade reads the end of one and the start of another', () => {
    const from = { source: source({}, null), fromFrame: 200, frames: 25, gainDb: 0 };
    const to = { source: source(), fromFrame: 0, frames: 25, gainDb: 0 };
    expect(planCrossfade(from, to, format, '/work/p.mkv').join(' ')).toBe(
      `-noaccurate_seek -ss 8.000000 ${guards} -f lavfi -i anullsrc=r=48000:cl=stereo -noaccurate_seek -ss 0.000000 ${guards} ` +
        `-filter_complex [0:V:0]${picture(25)}[v0];[1:a:0]${sound('', 48_000)}[a0];` +
        `[2:V:0]${picture(25)}[v1];[2:a:0]${sound('', 48_000)}[a1];` +
        '[v0][v1]xfade=transition=fade:duration=1.000000:offset=0,format=yuv420p[v];[a0][a1]acrossfade=d=1.000000[a] ' +
        `${encoded(25)} -c:a pcm_s16le -f matroska file:/work/p.mkv`,
    );
  });
});

describe('loudness', () => {
  it('is measured over the part', () => {
    expect(planLoudness({ source: source(), fromFrame: 25, frames: 50 }, 25, '/work/l.txt').join(' ')).toBe(
      `-ss 1.000000 -t 2.000000 ${guards} -map 0:a:0 -vn -af ` +
        'ebur128=metadata=1,ametadata=mode=print:key=lavfi.r128.I:file=/work/l.txt -f null -',
    );
  });

  it.each([
    ['lavfi.r128.I=-30.000\nframe:2\nlavfi.r128.I=-21.771\n', 5.77],
    ['lavfi.r128.I=-10.5\n', -5.5],
    ['lavfi.r128.I=-50.0\n', 20],
    ['lavfi.r128.I=-70.000\n', 0],
    ['', 0],
  ])('%j gives a gain of %d dB', (log, gain) => {
    expect(gainFor(log)).toBe(gain);
  });
});

it('values of filters are quoted for the filter and for the graph', () => {
  expect(filterValue(`a'b:c[d],e;f\\g`)).toBe(String.raw`a\\\'b\\:c\[d\]\,e\;f\\\\g`);
});
