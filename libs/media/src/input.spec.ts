import { describe, expect, it } from 'vitest';
import { ffmpegArgv, guardedInput, outputFile, quoteCommand } from './input.js';

describe('guardedInput', () => {
  const args = guardedInput('/media/-x: y%03d.mp4');

  it('allows local files only, and no format that leads to others', () => {
    expect(args.slice(0, 2)).toEqual(['-protocol_whitelist', 'file']);
    const formats = args[args.indexOf('-format_whitelist') + 1]?.split(',') ?? [];
    expect(formats).toEqual(expect.arrayContaining(['mov', 'matroska', 'avi', 'mpegts', 'ogg']));
    for (const format of ['hls', 'dash', 'concat', 'sdp', 'image2', 'imf', 'lavfi'])
      expect(formats).not.toContain(format);
  });

  it('keeps a name from being read as an option or a protocol', () => {
    expect(args.slice(-2)).toEqual(['-i', 'file:/media/-x: y%03d.mp4']);
    expect(outputFile('/media/pipe:1')).toBe('file:/media/pipe:1');
  });
});

describe('ffmpegArgv', () => {
  const args = ['-ss', '1', '-i', 'file:/a', '-f', 'lavfi', '-i', 'anullsrc', '-c:v', 'libx264', 'file:/b'];

  it('leaves it to ffmpeg how many threads there are', () => {
    const argv = ffmpegArgv('/bin/ffmpeg', args);
    expect([argv[0], ...argv.slice(-args.length)]).toEqual(['/bin/ffmpeg', ...args]);
    expect(argv.join(' ')).not.toContain('threads');
  });

  it('limits those of each decoder and of the filters', () => {
    expect(ffmpegArgv('/bin/ffmpeg', args, 2).join(' ')).toMatch(
      / -filter_threads 2 -filter_complex_threads 2 -ss 1 -threads 2 -i file:\/a -f lavfi -threads 2 -i anullsrc -c:v libx264 file:\/b$/,
    );
  });
});

describe('quoteCommand', () => {
  it('quotes what a shell would read otherwise', () => {
    expect(quoteCommand(['ffmpeg', '-i', `file:/m/it's $HOME.mp4`, '-map', '0:a:0?', ''])).toBe(
      `ffmpeg -i 'file:/m/it'\\''s $HOME.mp4' -map '0:a:0?' ''`,
    );
  });
});
