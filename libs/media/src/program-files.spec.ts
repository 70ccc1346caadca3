import { describe, expect, it } from 'vitest';
import { exitOf } from './child.js';
import { pathsIn } from './program-files.js';

describe('the paths that a start script names', () => {
  it('are found in quotes, in lists and bare', () => {
    const script = [
      '#!/bin/sh',
      "LD_LIBRARY_PATH='/opt/my tools/lib:/opt/more/lib'",
      'export FONTS=/opt/fonts; cd "/srv/x"',
      'exec \'/opt/my tools/bin/ffmpeg\' "$@"',
    ];
    expect(pathsIn(script.join('\n'))).toEqual([
      ...['/opt/my tools/lib', '/opt/more/lib', '/opt/fonts', '/srv/x', '/opt/my tools/bin/ffmpeg'],
    ]);
  });
});

describe('how a program ended', () => {
  it('is told by a sandbox or a shell in an exit code of its own', () => {
    expect(exitOf(137, null)).toEqual({ code: null, signal: 'SIGKILL' });
    expect(exitOf(139, null)).toEqual({ code: null, signal: 'SIGSEGV' });
    expect(exitOf(153, null)).toEqual({ code: null, signal: 'SIGXFSZ' });
  });

  it('is its own exit code otherwise', () => {
    for (const code of [0, 1, 69, 128, 183, 255]) expect(exitOf(code, null)).toEqual({ code, signal: null });
    expect(exitOf(null, 'SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
  });
});
