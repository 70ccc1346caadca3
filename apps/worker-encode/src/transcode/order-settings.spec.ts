import { BUILT_IN_PRESETS, transcode } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { orderSettings } from './order-settings.js';

const of = (given: object) => orderSettings(transcode.parameters.parse({ inputPath: 'inbox/a.mp4', ...given }));
const { settings } = BUILT_IN_PRESETS.get('web-480p')!;

describe('the settings of an order', () => {
  it('are those that it carries', () => {
    expect(of({ preset: 'ours@3', settings })).toEqual({ preset: 'ours@3', settings });
    expect(of({ preset: 'web-1080p@1', overrides: { video: { crf: 1 } }, settings }).settings).toEqual(settings);
  });

  it('are those of the built-in preset that it names', () => {
    expect(of({ preset: 'web-480p' })).toEqual({ preset: 'web-480p@1', settings });
    expect(of({ preset: 'web-480p@1', overrides: { video: { crf: 30 } } }).settings.video.crf).toBe(30);
  });

  it.each([
    [{ preset: 'ours' }, 'the order has no settings, and ours is not built in'],
    [{ preset: 'web-480p@2' }, 'the order has no settings, and web-480p@2 is not built in'],
    [
      { overrides: { container: 'webm' } },
      'the overrides do not fit the preset: video.codec: webm cannot hold h264: use vp9 or av1 or none; ' +
        'audio.codec: webm cannot hold aac: use opus or copy or none',
    ],
  ])('of %j are missing', (given, message) => {
    expect(() => of(given)).toThrow(expect.objectContaining({ code: 'INVALID_PARAMETERS', message }));
  });
});
