import { describe, expect, it } from 'vitest';
import { toolEnvironment } from './launch.js';
import { parseEncoders, parseFilters, parseVersion } from './tools.js';

describe('what ffmpeg says of itself', () => {
  it('gives its version', () => {
    expect(parseVersion('ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026\nbuilt with')).toBe('5.1.9-0+deb12u1');
    expect(parseVersion('')).toBe('unknown');
  });

  it('gives its encoders without the legend', () => {
    const list = [
      'Encoders:',
      ' V..... = Video',
      ' .....D = Supports direct rendering method 1',
      ' ------',
      ' V....D libx264              libx264 H.264',
      ' A....D aac                  AAC (Advanced Audio Coding)',
      ' S..... srt                  SubRip subtitle',
    ];
    expect([...parseEncoders(list.join('\n'))]).toEqual(['libx264', 'aac', 'srt']);
  });

  it('gives its filters without the legend', () => {
    const list = [
      'Filters:',
      '  T.. = Timeline support',
      '  | = Source or sink filter',
      ' ..C scale  V->V  Scale.',
      ' TSC xfade  VV->V  Fade.',
    ];
    expect([...parseFilters(list.join('\n'))]).toEqual(['scale', 'xfade']);
  });
});

describe('toolEnvironment', () => {
  it('passes no secrets on', () => {
    const env = { PATH: '/bin', LD_LIBRARY_PATH: '/lib', AMQP_URL: 'amqp://user:secret@host', HOME: '/root' };
    expect(toolEnvironment(env)).toEqual({ PATH: '/bin', LD_LIBRARY_PATH: '/lib', HOME: '/root' });
  });
});
