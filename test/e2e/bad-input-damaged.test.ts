import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutAt, flipBits, MISLEADING, noise, putFile, putLink, putPipe } from '../support/bad-files.js';
import { GOOD_FILM, readingTypes, startForBadInput, tryAll, TEST_MS } from '../support/bad-input.js';
import { makeVideo } from '../support/media.js';
import { randomFrom, SEED } from '../support/random.js';
import type { Reelay } from '../support/reelay.js';

let reelay: Reelay;
/** A film with its index in front, and the same as a transport stream. */
let whole: Buffer;
let stream: Buffer;

beforeAll(async () => {
  reelay = await startForBadInput();
  const read = async (path: string): Promise<Buffer> => readFile(join(reelay.mediaRoot, path));
  whole = await read(await makeVideo(reelay.mediaRoot, 'whole.mp4', [...GOOD_FILM, '-movflags', '+faststart']));
  stream = await read(await makeVideo(reelay.mediaRoot, 'whole.ts', GOOD_FILM));
});
afterAll(() => reelay.stop());

const random = randomFrom(SEED);
const put = (name: string, content: Buffer | string): Promise<string> => putFile(reelay.mediaRoot, name, content);

describe('every job type that reads a video', () => {
  it(
    `refuses what is no video, at once and once only (seed ${String(SEED)})`,
    async () => {
      const endings = await tryAll(reelay, {
        'random bytes': await put('random.mp4', noise(random, 20_000)),
        'no bytes': await put('empty.mp4', ''),
        'a playlist': await put('playlist.mp4', MISLEADING.playlist),
        'a script of files': await put('script.mkv', MISLEADING.script),
        'a description of a session': await put('session.mp4', MISLEADING.session),
        'a drawing that names a file': await put('drawing.mp4', MISLEADING.drawing),
        'a pipe': await putPipe(reelay.mediaRoot, 'pipe.mp4'),
        'a device': await putLink(reelay.mediaRoot, 'device.mp4', '/dev/zero'),
      });
      expect(readingTypes().length).toBeGreaterThanOrEqual(21);
      const wanted = ({ what }: { what: string }): string =>
        what === 'a device' ? 'PATH_OUTSIDE_LIBRARY' : 'INPUT_UNREADABLE';
      expect(endings.filter((ending) => ending.end !== wanted(ending))).toEqual([]);
    },
    TEST_MS,
  );

  it(
    `ends well with a video that is damaged (seed ${String(SEED)})`,
    async () => {
      const data = { from: whole.indexOf('mdat') + 4, to: whole.length };
      await tryAll(reelay, {
        'many bits flipped': await put('flipped.mp4', flipBits(random, whole, data, 300)),
        'few bits flipped': await put('hardly.mp4', flipBits(random, whole, data, 5)),
        'bits of the index flipped': await put(
          'index.mp4',
          flipBits(random, whole, { from: 40, to: data.from - 8 }, 10),
        ),
        'cut off': await put('cut.mp4', cutAt(whole, 0.6)),
        'half a transport stream': await put('half.ts', cutAt(stream, 0.5)),
        'a transport stream without its start': await put('middle.ts', stream.subarray(Math.floor(stream.length / 3))),
      });
    },
    TEST_MS,
  );
});
