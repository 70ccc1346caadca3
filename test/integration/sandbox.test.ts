import { copyFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardedInput, openMedia, outputFile, probe, type Ffmpeg } from '@reelay/media';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveFfmpeg, shellQuote } from '../../tools/lib/ffmpeg.mjs';
import { FileServer } from '../support/file-server.js';
import { makeLongVideo } from '../support/media.js';
import { mediaSettings } from '../support/media-settings.js';

let folder: string;
let library: string;
let film: string;
let secret: string;
const { signal } = new AbortController();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-sandbox-'));
  library = join(folder, 'media');
  for (const name of ['media/inbox', 'media/playback', 'secret', 'odd tools']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  film = join(library, await makeLongVideo(library, 'film.mp4', 1));
  secret = join(folder, 'secret/secret.mp4');
  await copyFile(film, secret);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = async (more: Record<string, string>) => openMedia(await mediaSettings(library, more), []);

const run = (ffmpeg: Ffmpeg, args: readonly string[]): Promise<unknown> =>
  ffmpeg.run(args, { signal, durationSeconds: null });

/** Whether a run ends well with the sandbox and without it. */
async function outcomes(args: (name: string) => readonly string[]): Promise<Record<'off' | 'required', boolean>> {
  const endsWell = async (choice: 'off' | 'required'): Promise<boolean> => {
    const { ffmpeg } = await open({ SANDBOX: choice });
    return run(ffmpeg, args(choice)).then(
      () => true,
      () => false,
    );
  };
  return { off: await endsWell('off'), required: await endsWell('required') };
}

const output = (name: string): string => outputFile(join(library, 'playback', name));

describe('ffmpeg in the sandbox', () => {
  it('does its work, and its outputs belong to the user of the worker', async () => {
    const { ffmpeg, features, notes } = await open({ SANDBOX: 'required' });
    expect(features).toContain('sandbox');
    expect(notes.join()).toContain('runs in a sandbox');
    await run(ffmpeg, [...guardedInput(film), '-c', 'copy', '-movflags', '+faststart', output('copy.mp4')]);
    const made = join(library, 'playback/copy.mp4');
    expect(await probe(ffmpeg.tools, made, { signal })).toMatchObject({ video: { codec: 'h264' } });
    const { uid, gid } = await stat(made);
    expect([uid, gid]).toEqual([process.getuid?.(), process.getgid?.()]);
  });

  it.each([
    ['outside of the library', () => secret],
    ['beside it in the library', () => film],
  ])('reads nothing that a list under the name of a video points to: a file %s', async (_, target) => {
    const list = join(library, 'inbox/list.mp4');
    await writeFile(list, `ffconcat version 1.0\nfile '${target()}'\n`);
    const args = (name: string) => [
      ...['-f', 'concat', '-safe', '0', '-i', outputFile(list), '-c', 'copy', output(`list-${name}.mp4`)],
    ];
    expect(await outcomes(args)).toEqual({ off: true, required: false });
  });

  it('sees no file that tells of users or of processes', async () => {
    const textOf = (file: string) => () => [
      ...['-f', 'lavfi', '-i', 'color=s=64x64:d=0.1', '-vf', `drawtext=textfile=${file}`, '-f', 'null', '-'],
    ];
    expect(await outcomes(textOf('/etc/passwd'))).toEqual({ off: true, required: false });
    expect(await outcomes(textOf(`/proc/${String(process.pid)}/environ`))).toEqual({ off: true, required: false });
    expect(await outcomes(textOf('/usr/lib/os-release'))).toEqual({ off: true, required: true });
  });

  it('reaches no network', async () => {
    const server = await FileServer.start();
    let asked = 0;
    const url = server.serve('/film.mp4', (_request, response) => {
      asked += 1;
      response.writeHead(404).end();
    });
    try {
      expect(await outcomes(() => ['-i', url, '-f', 'null', '-'])).toEqual({ off: false, required: false });
      expect(asked).toBe(1);
    } finally {
      await server.close();
    }
  });

  it('writes nowhere but to the folder of its output', async () => {
    const places = (name: string) => [join(library, `inbox/evil-${name}.mp4`), join(folder, `secret/evil-${name}.mp4`)];
    for (const index of [0, 1]) {
      const args = (name: string) => [
        ...['-f', 'lavfi', '-i', 'testsrc=s=64x64:d=0.1', places(name)[index] ?? '', '-f', 'null', '-'],
      ];
      expect(await outcomes(args)).toEqual({ off: true, required: false });
    }
    expect((await readdir(join(library, 'inbox'))).filter((name) => name.startsWith('evil'))).toEqual(['evil-off.mp4']);
    // Its input lies where it may write, and is not written to all the same.
    const input = join(library, 'playback/input.mp4');
    await copyFile(film, input);
    const overwrite = () => [...guardedInput(film), ...guardedInput(input), '-c', 'copy', '-f', 'matroska', input];
    const { ffmpeg } = await open({ SANDBOX: 'required' });
    await expect(run(ffmpeg, [...overwrite(), '-c', 'copy', output('other.mp4')])).rejects.toThrow(/Read-only|busy/);
  });

  it('starts from folders of its own, through scripts and with libraries beside it', async () => {
    const { ffmpeg: program, ffprobe } = await resolveFfmpeg();
    const script = join(folder, 'odd tools/my ffmpeg');
    await writeFile(script, `#!/bin/sh\nexec ${shellQuote(program)} "$@"\n`, { mode: 0o755 });
    const { ffmpeg } = await open({ SANDBOX: 'required', FFMPEG_PATH: script, FFPROBE_PATH: ffprobe });
    await run(ffmpeg, [...guardedInput(film), '-c', 'copy', output('scripted.mp4')]);
  });
});

describe('a worker', () => {
  it('does not start without a sandbox that is required, and says how to get one', async () => {
    const started = open({ SANDBOX: 'required', BWRAP_PATH: '/usr/bin/false' });
    await expect(started).rejects.toMatchObject({
      code: 'FEATURE_MISSING',
      message: expect.stringMatching(/SANDBOX is required.*apt-get install bubblewrap/) as unknown,
    });
  });

  it('goes on without one that is not required, and says so', async () => {
    const { features, notes } = await open({ BWRAP_PATH: '/usr/bin/false' });
    expect(features).not.toContain('sandbox');
    expect(notes.join()).toContain('without a sandbox');
  });
});
