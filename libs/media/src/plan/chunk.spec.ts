import { BUILT_IN_PRESETS, overrideSettings, type PresetSettings } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { guardedInput } from '../input.js';
import type { MediaInfo, VideoStreamInfo } from '../media-info.js';
import { chunkScript, planChunkJoin } from './chunk-join.js';
import { planChunk } from './chunk.js';

const video: VideoStreamInfo = {
  ...{ codec: 'h264', profile: 'High', pixelFormat: 'yuv420p', width: 1280, height: 720 },
  ...{ displayAspectRatio: '16:9', fps: 25, rotation: 0, bitrateKbps: 1500, durationSeconds: 60 },
};
const media: MediaInfo = {
  ...{ container: 'mov,mp4', durationSeconds: 60, sizeBytes: 12_000_000, bitrateKbps: 1600, video },
  audio: { codec: 'aac', channels: 2, sampleRate: 48_000, bitrateKbps: 128 },
};

function settingsOf(preset: string, overrides = {}): PresetSettings {
  const outcome = overrideSettings(BUILT_IN_PRESETS.get(preset)!.settings, overrides);
  if ('faults' in outcome) throw new Error(JSON.stringify(outcome.faults));
  return outcome.settings;
}

const h264 = settingsOf('web-720p', { video: { crf: 23, maxrateKbps: null, bufsizeKbps: null, gopSeconds: 2 } });
const second = { index: 1, startSeconds: 30, endSeconds: 60, startFrame: 750, frames: 750 };
const first = { ...second, index: 0, startSeconds: 0, endSeconds: 30, startFrame: 0 };

const plan = (chunk = second, settings = h264, of = media, threads?: number) =>
  planChunk(
    { settings, chunk },
    { media: of, header: { startSeconds: 1.4 } },
    { input: '/m/in.ts', output: '/m/work/out.mp4' },
    threads,
  );
const withVideo = (more: Partial<VideoStreamInfo>): MediaInfo => ({ ...media, video: { ...video, ...more } });

const guards = guardedInput('/m/in.ts').join(' ');
const streams = '-map 0:V:0 -an -sn -dn -map_metadata -1 -map_chapters -1';
const times = '-fps_mode passthrough -enc_time_base 1:360000';

describe('the command of a chunk', () => {
  it('shows what is shown within it by the clock of the film, decoded from before its start', () => {
    expect(plan().args.join(' ')).toBe(
      `-xerror -copyts -ss 29.500000 ${guards} ${streams} ` +
        `-vf trim=start=31.399500:end=61.399500,setpts=PTS-STARTPTS ${times} ` +
        '-c:v libx264 -preset medium -crf 23 -x264-params stitchable=1 -pix_fmt yuv420p -g 50 ' +
        '-video_track_timescale 360000 -f mp4 file:/m/work/out.mp4',
    );
  });

  it('has no start for the first one', () => {
    expect(plan(first).args.join(' ')).toContain(
      `-xerror -copyts ${guards} ${streams} -vf trim=end=31.399500,setpts=PTS-STARTPTS`,
    );
  });

  it('scales, deinterlaces and takes threads before it is cut, so that pictures have those before them', () => {
    const args = plan(second, settingsOf('web-480p'), withVideo({ interlaced: true }), 2).args.join(' ');
    expect(args).toContain('-vf bwdif=mode=send_frame,scale=854:480,setsar=1,trim=start=31.399500');
    expect(args).toContain('-threads 2');
  });

  it('keeps uneven times', () => {
    expect(plan(second, h264, withVideo({ fps: 18, peakFps: 30 })).args.join(' ')).not.toContain('fps=');
  });

  it('has a header for HEVC that depends on nothing but the settings', () => {
    expect(plan(second, settingsOf('hevc-1080p'), media, 2).args.join(' ')).toContain(
      '-x265-params log-level=error:open-gop=0:info=0:pools=2 -tag:v hvc1',
    );
  });

  it('plans the room for its share of the film', () => {
    expect(plan()).toMatchObject({
      expectedBytes: 6_000_000,
      needs: { encoders: ['libx264'], filters: [] },
      expect: { container: 'mp4', videoCodec: 'h264', audioCodec: null, width: 1280, height: 720 },
    });
  });

  it.each([
    ['sound only', settingsOf('audio-aac'), media, 'INVALID_PARAMETERS', 'makes sound only'],
    ['a part of the film', settingsOf('preview-240p'), media, 'INVALID_PARAMETERS', 'keeps 6 s only'],
    ['fewer pictures', settingsOf('web-720p'), withVideo({ fps: 120 }), 'INVALID_PARAMETERS', '120 pictures a second'],
    ['a picture of sound', h264, { ...media, video: null }, 'INPUT_UNREADABLE', 'has sound only'],
  ])('is refused for %s', (_, settings, of, code, message) => {
    expect(() => plan(second, settings, of)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
    );
  });
});

describe('the join of chunks', () => {
  const pictures = { firstSeconds: 0, lastDecoded: 1498, lastStretch: 1.5, chunkBytes: 5_000_000 };
  const files = { script: '/w/chunks.ffconcat', input: '/m/in.ts', output: '/m/playback/out.mp4' };
  const join = (settings = h264, more = {}, of = media) => planChunkJoin(settings, of, { ...pictures, ...more }, files);

  it('copies the pictures and makes the sound once', () => {
    expect(join().args.join(' ')).toBe(
      `-xerror -auto_convert 0 ${guardedInput(files.script, 'concat,mov').join(' ')} ${guards} ` +
        '-map 0:v:0 -map 1:a:0 -sn -dn -map_metadata 1 -map_chapters 1 -c:v copy ' +
        '-bsf:v setts=pts=PTS:dts=max(PREV_OUTDTS+1\\,DTS):duration=if(eq(N\\,1498)\\,DURATION*1.500000\\,DURATION) ' +
        '-c:a aac -b:a 128k -ar 48000 -movflags +faststart -video_track_timescale 360000 ' +
        '-max_muxing_queue_size 1024 -f mp4 file:/m/playback/out.mp4',
    );
  });

  it('starts the picture as late after the sound as the film does', () => {
    expect(join(h264, { firstSeconds: 0.7 }).args.join(' ')).toContain('-xerror -itsoffset 0.700000 -auto_convert 0');
  });

  it('has no sound where the film has none', () => {
    const mute = join(h264, {}, { ...media, audio: null });
    expect(mute.args).toContain('-an');
    expect(mute.expect).toMatchObject({ audioCodec: null, durationSeconds: 60 });
    expect(mute.expectedBytes).toBe(5_000_000);
  });

  it('starts each chunk when its first picture is shown, whatever was rounded before', () => {
    const starts = [0, 10.0333333, 20.0666666, 30.1];
    const chunks = starts.map((startSeconds, index) => ({ file: `chunk-${String(index)}.mp4`, startSeconds }));
    expect(chunkScript(chunks)).toBe(
      [
        ...['ffconcat version 1.0', 'file chunk-0.mp4', 'duration 10.033333', 'file chunk-1.mp4'],
        ...['duration 10.033334', 'file chunk-2.mp4', 'duration 10.033333', 'file chunk-3.mp4', ''],
      ].join('\n'),
    );
  });
});
