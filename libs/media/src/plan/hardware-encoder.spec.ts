import { describe, expect, it } from 'vitest';
import {
  planHardware,
  planTrial,
  type HardwareEncoders,
  type HardwareKind,
  type HardwareSettings,
} from './hardware-encoder.js';

const CODECS = ['h264', 'hevc', 'av1'];
const machine = (...kinds: HardwareKind[]): HardwareEncoders => ({
  names: CODECS.flatMap((codec) => kinds.map((kind) => `${codec}_${kind}`)),
  renderNode: '/dev/dri/renderD128',
  devices: ['/dev/dri/renderD128'],
});
const HD = { width: 1280, height: 720 };

/** The device's options, the filters and the encoder's options. */
function command(kind: HardwareKind, codec: string, settings: HardwareSettings): string {
  const plan = planHardware(codec, settings, HD, machine(kind));
  return [plan?.device.join(' '), plan?.filters.join(','), plan?.options.join(' ')].filter(Boolean).join(' | ');
}

describe('an encode by NVENC', () => {
  it('has a constant quality, below a highest bitrate where one is set', () => {
    expect(command('nvenc', 'h264', { crf: 23, speed: 'veryslow' })).toBe(
      '-c:v h264_nvenc -preset p7 -tune hq -rc vbr -cq 23 -b:v 0 -rc-lookahead 20 -pix_fmt yuv420p',
    );
    expect(command('nvenc', 'hevc', { crf: 28, maxrateKbps: 4000 })).toBe(
      '-c:v hevc_nvenc -preset p4 -tune hq -rc vbr -cq 28 -b:v 0 -maxrate 4000k -bufsize 8000k -rc-lookahead 20 ' +
        '-pix_fmt yuv420p',
    );
  });

  it('has an average bitrate', () => {
    expect(command('nvenc', 'h264', { bitrateKbps: 3000, maxrateKbps: 4500, bufsizeKbps: 6000, speed: 'fast' })).toBe(
      '-c:v h264_nvenc -preset p3 -tune hq -rc vbr -b:v 3000k -maxrate 4500k -bufsize 6000k -rc-lookahead 20 ' +
        '-pix_fmt yuv420p',
    );
  });

  it('takes the quality of AV1 on its own scale, and never as automatic', () => {
    expect(command('nvenc', 'av1', { crf: 63 })).toContain('-cq 51 -b:v 0');
    expect(command('nvenc', 'h264', { crf: 0 })).toContain('-cq 1 -b:v 0');
  });
});

describe('an encode by QSV', () => {
  it('has a constant quality, or an average below a highest bitrate', () => {
    expect(command('qsv', 'h264', { crf: 21, speed: 'ultrafast' })).toBe(
      '-qsv_device /dev/dri/renderD128 | -c:v h264_qsv -preset veryfast -global_quality 21 -pix_fmt nv12',
    );
    expect(command('qsv', 'hevc', { crf: 21, maxrateKbps: 3000 })).toBe(
      '-qsv_device /dev/dri/renderD128 | ' +
        '-c:v hevc_qsv -preset medium -b:v 2000k -maxrate 3000k -bufsize 6000k -pix_fmt nv12',
    );
    expect(command('qsv', 'av1', { bitrateKbps: 1500, speed: 'slow' })).toBe(
      '-qsv_device /dev/dri/renderD128 | -c:v av1_qsv -preset slow -b:v 1500k -pix_fmt nv12',
    );
  });
});

describe('an encode by VAAPI', () => {
  it('is given its pictures in the memory of the GPU', () => {
    expect(command('vaapi', 'h264', { crf: 23 })).toBe(
      '-vaapi_device /dev/dri/renderD128 | format=nv12,hwupload | -c:v h264_vaapi -rc_mode CQP -global_quality 23',
    );
    expect(command('vaapi', 'hevc', { crf: 23, maxrateKbps: 2000, bufsizeKbps: 3000 })).toBe(
      '-vaapi_device /dev/dri/renderD128 | format=nv12,hwupload | ' +
        '-c:v hevc_vaapi -rc_mode VBR -b:v 1333k -maxrate 2000k -bufsize 3000k',
    );
    expect(command('vaapi', 'h264', { bitrateKbps: 800 })).toBe(
      '-vaapi_device /dev/dri/renderD128 | format=nv12,hwupload | -c:v h264_vaapi -rc_mode VBR -b:v 800k',
    );
    expect(command('vaapi', 'av1', { crf: 63 })).toContain('-rc_mode CQP -global_quality 255');
  });
});

describe('the encoder on a GPU', () => {
  it('is the first that works of those for the codec', () => {
    const both = machine('nvenc', 'vaapi');
    expect(planHardware('hevc', { crf: 23 }, HD, both)?.encoder).toBe('hevc_nvenc');
    const without = { ...both, names: both.names.filter((name) => name !== 'hevc_nvenc') };
    expect(planHardware('hevc', { crf: 23 }, HD, without)?.encoder).toBe('hevc_vaapi');
    expect(planHardware('vp9', { crf: 23 }, HD, both)).toBeNull();
    expect(planHardware('hevc', { crf: 23 }, HD, null)).toBeNull();
  });

  it('is left alone with pictures that not all of them take', () => {
    const size = (width: number, height: number) =>
      planHardware('h264', { crf: 23 }, { width, height }, machine('qsv'));
    expect(size(320, 158)).toBeNull();
    expect(size(160, 160)).not.toBeNull();
    expect(size(5120, 2880)).toBeNull();
    expect(planHardware('hevc', { crf: 23 }, { width: 5120, height: 2880 }, machine('qsv'))).not.toBeNull();
    expect(planHardware('hevc', { crf: 23, pixelFormat: 'yuv420p10le' }, HD, machine('qsv'))).toBeNull();
  });

  it('is tried with two pictures', () => {
    expect(planTrial('h264_vaapi', '/dev/dri/renderD129').join(' ')).toBe(
      '-vaapi_device /dev/dri/renderD129 -f lavfi -i testsrc=size=640x360:rate=25 -vf format=nv12,hwupload -frames:v 2 ' +
        '-c:v h264_vaapi -rc_mode CQP -global_quality 23 -f null -',
    );
    expect(planTrial('av1_nvenc', '/dev/dri/renderD128').join(' ')).toBe(
      '-f lavfi -i testsrc=size=640x360:rate=25 -frames:v 2 ' +
        '-c:v av1_nvenc -preset p4 -tune hq -rc vbr -cq 19 -b:v 0 -rc-lookahead 20 -pix_fmt yuv420p -f null -',
    );
  });
});
