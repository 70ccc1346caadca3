import { guardedInput, type VideoStreamInfo } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { joinScript, planPreview, planPreviewJoin, planSegment, previewExpectation } from './preview.plan.js';

const input = '/media/videos/in.mp4';
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

describe('planPreview', () => {
  it('spreads the segments over the film', () => {
    expect(planPreview(hd, 100, {})).toEqual({
      format: 'mp4',
      size: { width: 320, height: 180 },
      fps: 15,
      starts: [9.5, 29.5, 49.5, 69.5, 89.5],
      framesOfSegment: 15,
      durationSeconds: 5,
    });
  });

  it.each([
    ['a short film is shown whole', hd, 2, {}, { starts: [0], framesOfSegment: 30, durationSeconds: 2 }],
    ['of one picture', hd, 0.04, {}, { starts: [0], framesOfSegment: 1 }],
    ['of few pictures a second', { ...hd, fps: 2 }, 100, {}, { fps: 5, framesOfSegment: 5 }],
    ['upright', { ...hd, rotation: 270 }, 100, { width: 90 }, { size: { width: 90, height: 160 } }],
    ['even', { ...hd, width: 33, height: 17 }, 100, {}, { size: { width: 32, height: 16 } }],
    ['as asked', hd, 100, { segments: 2, segmentSeconds: 0.4 }, { starts: [24.8, 74.8], framesOfSegment: 6 }],
  ])('%s', (_, video, seconds, asked, expected) => {
    expect(planPreview(video, seconds, asked)).toMatchObject(expected);
  });
});

describe('the commands', () => {
  const plan = planPreview(hd, 100, { segments: 2 });

  it('of a segment', () => {
    expect(planSegment(input, plan, 1, '/work/segment-1.mkv').join(' ')).toBe(
      `-ss 74.500 -t 2.000 ${guardedInput(input).join(' ')} -map 0:V:0 -vf fps=15:start_time=0,` +
        'scale=320:180:flags=area,setsar=1,format=yuv420p,tpad=stop_mode=clone:stop=15 -frames:v 15 ' +
        '-c:v ffv1 -f matroska file:/work/segment-1.mkv',
    );
  });

  it('of the join', () => {
    expect(joinScript(plan)).toBe(
      'ffconcat version 1.0\nfile segment-0.mkv\nduration 1.000000\nfile segment-1.mkv\nduration 1.000000\n',
    );
    const start = `${guardedInput('/work/s', 'concat,matroska').join(' ')} -map 0:v:0 -an -r 15 -frames:v 30 -pix_fmt yuv420p`;
    expect(planPreviewJoin('/work/s', plan, '/out.mp4').join(' ')).toBe(
      `${start} -c:v libx264 -preset medium -crf 28 -movflags +faststart -f mp4 file:/out.mp4`,
    );
    expect(planPreviewJoin('/work/s', { ...plan, format: 'webp' }, '/out.webp').join(' ')).toBe(
      `${start} -c:v libwebp_anim -quality 60 -loop 0 -f webp file:/out.webp`,
    );
    expect(previewExpectation(plan)).toMatchObject({ audioCodec: null, width: 320, height: 180, durationSeconds: 2 });
  });
});
