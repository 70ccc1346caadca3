import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startForBadInput, tryAll, TEST_MS } from '../support/bad-input.js';
import { makeVideo } from '../support/media.js';
import type { Reelay } from '../support/reelay.js';

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startForBadInput();
});
afterAll(() => reelay.stop());

const make = (name: string, args: readonly string[]): Promise<string> => makeVideo(reelay.mediaRoot, name, args);
const inInbox = (name: string): string => join(reelay.mediaRoot, 'inbox', name);
const pictures = (form: string): string[] => ['-f', 'lavfi', '-i', `testsrc2=${form}`];
const tone = ['-f', 'lavfi', '-i', 'sine=duration=1'];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

/** Two films, four sounds, three subtitles, a cover and a font, in no order that anybody would expect. */
async function crowded(): Promise<string> {
  await writeFile(inInbox('lines.srt'), '1\n00:00:00,000 --> 00:00:01,000\nhello\n');
  const cover = await make('cover.png', [...pictures('size=64x64:rate=1:duration=1'), '-frames:v', '1']);
  await writeFile(inInbox('font.ttf'), 'no font');
  return make('crowded.mkv', [
    ...[...tone, '-i', inInbox('lines.srt'), ...pictures('size=160x90:rate=25:duration=1')],
    ...[...pictures('size=80x46:rate=10:duration=1'), '-map', '1', '-map', '0', '-map', '0', '-map', '2', '-map', '1'],
    ...['-map', '3', '-map', '0', '-map', '0', '-map', '1', '-c:a', 'aac', ...h264, '-c:s', 'srt'],
    ...['-attach', join(reelay.mediaRoot, cover), '-attach', inInbox('font.ttf')],
    ...['-metadata:s:t:0', 'mimetype=image/png', '-metadata:s:t:1', 'mimetype=font/ttf'],
  ]);
}

describe('every job type that reads a video', () => {
  it(
    'ends well with a video of any shape',
    async () => {
      const good = inInbox('good.mp4');
      const lossless = ['-c:v', 'ffv1', '-pix_fmt', 'bgr0'];
      const endings = await tryAll(reelay, {
        'sound only': await make('sound.m4a', ['-i', good, '-vn', '-c', 'copy']),
        'no sound': await make('mute.mp4', ['-i', good, '-an', '-c', 'copy']),
        'one pixel': await make('pixel.mkv', [...pictures('size=64x64:rate=25:duration=1,scale=1:1'), ...lossless]),
        'odd sides': await make('odd.mkv', [...pictures('size=33x17:rate=25:duration=1'), ...tone, ...lossless]),
        'uneven times': await make('uneven.mkv', [
          ...[...pictures('size=160x90:rate=30:duration=1'), ...tone, '-vf', "select='not(eq(mod(n,7),3))'"],
          ...['-fps_mode', 'vfr', ...h264],
        ]),
        turned: await make('turned.mp4', ['-i', good, '-c', 'copy', '-metadata:s:v', 'rotate=90']),
        crowded: await crowded(),
        'one picture': await make('song.mp4', [...pictures('size=160x90:rate=25:duration=0.04'), ...tone, ...h264]),
      });
      const others = endings.filter(({ type }) => type !== 'concat_chunks');
      // The chunk that it is given is of a film with as many pictures as some of these have.
      expect(endings.filter(({ type }) => type === 'concat_chunks').map(({ end }) => end)).toContain('completed');
      const failures = others.filter(({ end }) => end !== 'completed').map(({ what, type }) => `${type}: ${what}`);
      expect(failures.filter((failure) => !/: (one pixel|sound only)$/.test(failure)).sort()).toEqual([
        // A clip ends with its pictures, and here the only one is over before the clip is.
        'clip_generate: one picture',
        // They have fewer pictures than the chunk that is asked for.
        'encode_chunk: one picture',
        'encode_chunk: uneven times',
        // Both are asked for sound.
        'encode_rendition: no sound',
        'scene_extract: one picture',
        'transcode: no sound',
        'trim: one picture',
        'trim: one picture',
      ]);
    },
    TEST_MS,
  );
});
