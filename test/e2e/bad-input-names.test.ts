import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startForBadInput, trialsOn, tryAll, TEST_MS } from '../support/bad-input.js';
import type { Reelay } from '../support/reelay.js';

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startForBadInput();
});
afterAll(() => reelay.stop());

const inInbox = (name: string): string => join(reelay.mediaRoot, 'inbox', name);

describe('every job type that reads a video', () => {
  it(
    'takes files by their names, whatever is in them',
    async () => {
      const names = ['-i %03d "it\'s" [0:v];$(id).mp4', 'a:b\\c|d,e=f*?#&.mp4', 'файл 映画 🎬\u0301.mp4'];
      const content = await readFile(inInbox('good.mp4'));
      await mkdir(inInbox('-y'));
      for (const name of [...names, '-y/%d.mp4']) await writeFile(inInbox(name), content);
      const inputs = [...names, '-y/%d.mp4'].map((name) => [name, `inbox/${name}`] as const);
      const endings = await tryAll(reelay, Object.fromEntries(inputs));
      expect(endings.filter(({ end }) => end !== 'completed')).toEqual([]);
    },
    TEST_MS,
  );

  it('refuses names that hold a line break, before there is a job', async () => {
    for (const name of ['inbox/a\nb.mp4', 'inbox/a\0b.mp4']) {
      for (const { what, type, params } of trialsOn('a name of two lines', name)) {
        const { status, body } = await reelay.api.problem('POST', '/api/media/jobs', { type, params });
        expect([what, type, status, body.code]).toEqual([what, type, 422, 'INVALID_PARAMETERS']);
      }
    }
  });
});
