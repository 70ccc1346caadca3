import { describe, expect, it } from 'vitest';
import { classifyFailure, failureError, lastWords, StderrTail } from './failure.js';

const exit = (code: number | null, signal: NodeJS.Signals | null = null) => ({ code, signal });

describe('classifyFailure', () => {
  it.each([
    [
      'INPUT_UNREADABLE',
      exit(1),
      ['[mov,mp4] moov atom not found', 'file:/x: Invalid data found when processing input'],
    ],
    ['INPUT_UNREADABLE', exit(1), ['file:/x.ts: corrupt decoded frame in stream 0']],
    ['INPUT_UNREADABLE', exit(1), ['[h264] error while decoding MB 19 5, bytestream -12']],
    ['INPUT_UNREADABLE', exit(1), ['[mov,mp4] error reading header', 'file:/x: Cannot allocate memory']],
    ['INPUT_UNREADABLE', exit(1), ['Cannot determine format of input stream 0:0 after EOF', 'Conversion failed!']],
    ['INPUT_UNREADABLE', exit(1), ['Decoder (codec none) not found for input stream #0:0']],
    [
      'INPUT_UNREADABLE',
      exit(1),
      ['[mov,mp4,m4a,3gp] wrong sample count', '[aac] Prediction is not allowed in AAC-LC.'],
    ],
    ['INPUT_UNREADABLE', exit(1), ['file:/srv/media/a.mp4: Cannot allocate memory']],
    ['INPUT_UNREADABLE', exit(1), ['[NULL] Invalid NAL unit size (-1 > 5).']],
    ['INPUT_UNREADABLE', exit(1), ['[matroska] Error parsing AAC extradata, unable to determine samplerate.']],
    // A command that is wrong makes muxers say this as well.
    [
      'ENCODER_CRASHED',
      exit(1),
      ['[mp4] sample rate not set', 'Could not write header for output file #0 (incorrect codec parameters ?)'],
    ],
    ['ENCODER_CRASHED', exit(1), ['[h264] get_buffer() failed', '[h264] thread_get_buffer() failed']],
    ['OUT_OF_MEMORY', exit(1), ['[libx264] malloc of size 5 failed']],
    ['ENCODER_CRASHED', exit(null, 'SIGSEGV'), ['[h264] no frame!']],
    ['INPUT_UNREADABLE', exit(69), []],
    ['INPUT_UNREADABLE', exit(1), []],
    ['DISK_FULL', exit(1), ['av_interleaved_write_frame(): No space left on device']],
    ['DISK_FULL', exit(0), ['Error writing trailer of file:/x: No space left on device']],
    ['ENCODER_CRASHED', exit(null, 'SIGKILL'), ['Invalid data found when processing input']],
    ['ENCODER_CRASHED', exit(255), []],
    ['OUT_OF_MEMORY', exit(1), ['Cannot allocate memory']],
    ['OUT_OF_MEMORY', exit(null, 'SIGABRT'), ["terminate called after throwing an instance of 'std::bad_alloc'"]],
    [
      'OUT_OF_MEMORY',
      exit(127),
      ['ffmpeg: error while loading shared libraries: failed to map segment from shared object'],
    ],
    ['ENCODER_CRASHED', exit(1), ['Error initializing threads: Resource temporarily unavailable']],
    ['TOO_LARGE', exit(null, 'SIGXFSZ'), []],
    ['TOO_LARGE', exit(1), ['av_interleaved_write_frame(): File too large']],
    ['CPU_TIME_EXCEEDED', exit(null, 'SIGXCPU'), []],
    ['FEATURE_MISSING', exit(1), ["Unknown encoder 'libx264'"]],
  ])('%s for %j and %j', (code, ended, stderr) => {
    expect(classifyFailure(ended, stderr)).toBe(code);
  });
});

describe('a run within limits', () => {
  const limits = { prlimit: '/usr/bin/prlimit', memoryMb: 300, cpuSeconds: 10, fileMb: 5 };

  it('that ended on a signal took too much CPU time only if it can have taken as much', () => {
    for (const ended of [exit(255), exit(null, 'SIGKILL')]) {
      expect(classifyFailure(ended, [], { limits, cpuSeconds: 12 })).toBe('CPU_TIME_EXCEEDED');
      expect(classifyFailure(ended, [], { limits, cpuSeconds: 8 })).toBe('ENCODER_CRASHED');
    }
  });

  it('that was told to end again while it closed its files took too much CPU time as well', () => {
    const words = ['Error writing trailer of file:/library/out.mp4: Immediate exit requested'];
    expect(classifyFailure(exit(1), words, { limits, cpuSeconds: 12 })).toBe('CPU_TIME_EXCEEDED');
    expect(classifyFailure(exit(1), words, { limits, cpuSeconds: 8 })).toBe('ENCODER_CRASHED');
  });

  it('that gets no thread got no memory', () => {
    const words = ['Error initializing threads: Resource temporarily unavailable'];
    expect(classifyFailure(exit(1), words, { limits, cpuSeconds: 1 })).toBe('OUT_OF_MEMORY');
  });

  it('whose decoder and encoder give up for want of memory does not blame the input', () => {
    const opening = 'Error initializing output stream 0:0 -- Error while opening encoder for output stream #0:0';
    const words = ['[h264] decode_slice_header error', '[h264] no frame!', opening];
    expect(classifyFailure(exit(1), words, { limits, cpuSeconds: 1 })).toBe('OUT_OF_MEMORY');
    expect(classifyFailure(exit(1), words.slice(0, 2), { limits, cpuSeconds: 1 })).toBe('INPUT_UNREADABLE');
  });

  it('fails with the name of the setting', () => {
    const messageOf = (ended: ReturnType<typeof exit>, stderr: string[]): string =>
      failureError('ffmpeg', ended, stderr, { limits, cpuSeconds: 12 }).message;
    expect(messageOf(exit(1), ['Cannot allocate memory'])).toContain('FFMPEG_MAX_MEMORY_MB allows (300 MB)');
    expect(messageOf(exit(255), [])).toContain('FFMPEG_MAX_CPU_SECONDS allows (10 s)');
    expect(messageOf(exit(null, 'SIGXFSZ'), [])).toContain('FFMPEG_MAX_FILE_MB allows (5 MB)');
  });
});

describe('failureError', () => {
  it('says what ffmpeg said last, and keeps the rest as facts', () => {
    const stderr = ['file:/srv/media/b.mp4: corrupt decoded frame in stream 0', 'Conversion failed!'];
    const error = failureError('ffmpeg', exit(1), stderr);
    expect(error.message).toBe('ffmpeg ended with exit code 1: corrupt decoded frame in stream 0');
    expect(error.facts).toEqual({ exitCode: 1, signal: null, stderr });
  });

  it('prefers words that tell something', () => {
    expect(lastWords(['moov atom not found', 'file:/x: Invalid data found when processing input'])).toBe(
      'moov atom not found',
    );
    expect(lastWords(["[hls] Format not on whitelist 'mov,avi'", 'file:/x: Invalid argument'])).toBe(
      'its format (hls) is none of those that are read',
    );
    expect(lastWords(['file:/x: Invalid argument'])).toBe('Invalid argument');
    expect(lastWords([])).toBeNull();
  });
});

describe('StderrTail', () => {
  it('keeps the last 40 lines and counts all', () => {
    const tail = new StderrTail();
    for (let line = 0; line < 100; line++) tail.write(`line ${String(line)}\n`);
    expect(tail.lines()).toHaveLength(40);
    expect(tail.lines().at(-1)).toBe('line 99');
    expect(tail.total).toBe(100);
  });

  it('stays small in a flood without a line end', () => {
    const tail = new StderrTail();
    for (let piece = 0; piece < 1000; piece++) tail.write('x'.repeat(1000));
    expect(tail.lines()).toEqual(['x'.repeat(400)]);
  });

  it('drops control characters and addresses in memory', () => {
    const tail = new StderrTail();
    tail.write('[h264 @ 0x55a1] \u001b[31mred\u0007\r[mjpeg @ 0x1] [IMGUTILS @ 0x2] big');
    expect(tail.lines()).toEqual(['[h264] [31mred', '[mjpeg] [IMGUTILS] big']);
  });
});
