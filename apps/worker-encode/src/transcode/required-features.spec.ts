import { describe, expect, it } from 'vitest';
import { requireFeatures } from './required-features.js';

const tools = {
  ...{ ffmpeg: '/usr/bin/ffmpeg', version: '5.1.9' },
  ...{ encoders: new Set(['libx264', 'aac']), filters: new Set(['scale']) },
};

describe('what a plan needs of ffmpeg', () => {
  it('is there', () => {
    expect(() => {
      requireFeatures({ encoders: ['libx264', 'aac'], filters: ['scale'] }, tools);
    }).not.toThrow();
  });

  it('is named where it is missing', () => {
    expect(() => {
      requireFeatures({ encoders: ['libsvtav1', 'aac'], filters: ['zscale', 'scale'] }, tools);
    }).toThrow(
      expect.objectContaining({
        code: 'FEATURE_MISSING',
        message:
          'the ffmpeg of this worker (5.1.9) lacks encoder libsvtav1, filter zscale: ' +
          'set FFMPEG_PATH to one that has it, or choose another preset',
      }),
    );
  });
});
