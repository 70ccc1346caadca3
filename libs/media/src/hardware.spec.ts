import { describe, expect, it } from 'vitest';
import { MediaError, type MediaErrorCode } from './errors.js';
import { blamesDevice } from './hardware.js';

const failed = (code: MediaErrorCode, ...stderr: string[]): MediaError =>
  new MediaError(code, 'ffmpeg failed', { facts: { stderr } });

describe('a failed encode blames the GPU', () => {
  it.each([
    ['[h264_nvenc] OpenEncodeSessionEx failed: out of memory (10): (no details)'],
    ['[h264_nvenc] Cannot load libcuda.so.1'],
    ['[AVHWDeviceContext] No VA display found for device /dev/dri/renderD128.'],
    ['[hevc_vaapi] Failed to end picture encode issue: 24 (internal encoding error).'],
    ['[h264_qsv] Error during encoding: device failed (-17)'],
    ['[Parsed_hwupload_1] Failed to upload frame: -5.'],
    ['Device creation failed: -22.'],
  ])('that ended with: %s', (line) => {
    expect(blamesDevice(failed('ENCODER_CRASHED', line, 'Conversion failed!'))).toBe(true);
    expect(blamesDevice(failed('OUT_OF_MEMORY', line))).toBe(true);
  });

  it('but not when the input, the disk or an encoder on the CPU is to blame', () => {
    expect(blamesDevice(failed('INPUT_UNREADABLE', '[h264] error while decoding MB 19 5, bytestream -12'))).toBe(false);
    expect(blamesDevice(failed('DISK_FULL', '[h264_nvenc] No space left on device'))).toBe(false);
    expect(blamesDevice(failed('ENCODER_CRASHED', '[libx264] malloc of size 5 failed'))).toBe(false);
    expect(blamesDevice(new Error('[h264_nvenc] is not why'))).toBe(false);
  });
});
