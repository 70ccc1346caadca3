import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPlayerSite, type PlayerSite } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { FileServer, servesRanges } from '../support/file-server.js';
import { addSample } from '../support/media.js';
import { linkTo, type Packaged } from '../support/packages.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { stepStates, WorkflowApi } from '../support/workflows.js';

let reelay: Reelay;
let server: FileServer;
let site: PlayerSite;
let packaged: Packaged;
let links: Awaited<ReturnType<typeof linkTo>>;

beforeAll(async () => {
  const stack = { replicas: { 'worker-encode': 1, 'worker-library': 1 }, env: { DOWNLOAD_ALLOW: 'localhost' } };
  [reelay, site, server] = await Promise.all([startReelay(stack), startPlayerSite(), FileServer.start()]);
  const sample = await readFile(join(reelay.mediaRoot, await addSample(reelay.mediaRoot)));
  const url = server.serve('/film.mp4', servesRanges(sample));
  const workflows = new WorkflowApi(reelay);
  const id = await workflows.start('encoding_workflow', { url, segmentSeconds: 1 });
  const run = await workflows.until(id, 'completed', 300_000);
  expect(new Set(Object.values(stepStates(run)))).toEqual(new Set(['completed']));
  packaged = run.output as Packaged;
  links = await linkTo(reelay, packaged.path);
}, 360_000);
afterAll(async () => {
  await site.close();
  await server.close();
  await reelay.stop();
});

/** What a page's script says of its player; it is evaluated in the page. */
interface Seen {
  readonly time: number;
  readonly height: number;
  readonly width: number;
  readonly duration: number;
  readonly sound: number;
  readonly dropped: number;
  readonly faults: readonly string[];
}

/** In the page: makes a player, and has it tell its faults. */
const PLAYERS = {
  'hls.js': {
    load: `(url) => {
      window.faults = [];
      window.player = new Hls({ startLevel: 0 });
      player.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) faults.push(data.type + ' ' + data.details); });
      player.loadSource(url);
      player.attachMedia(document.querySelector('video'));
    }`,
    heights: 'player.levels.map(({ height }) => height)',
    choose: '(height) => { player.nextLevel = player.levels.findIndex((level) => level.height === height); }',
  },
  'dash.js': {
    load: `(url) => {
      window.faults = [];
      window.player = dashjs.MediaPlayer().create();
      player.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: false } } } });
      player.on('error', ({ error }) => faults.push(error.code + ' ' + error.message));
      player.initialize(document.querySelector('video'), url, true);
    }`,
    heights: "player.getRepresentationsByType('video').map(({ height }) => height)",
    choose: `(height) => {
      const { id } = player.getRepresentationsByType('video').find((each) => each.height === height);
      player.setRepresentationForTypeById('video', id, true);
    }`,
  },
} as const;

const SEEN = `(() => {
  const video = document.querySelector('video');
  return { time: video.currentTime, height: video.videoHeight, width: video.videoWidth, duration: video.duration,
    sound: video.webkitAudioDecodedByteCount, dropped: video.getVideoPlaybackQuality().droppedVideoFrames, faults };
})()`;

describe.each(Object.entries(PLAYERS))('%s in Chromium', (name, { load, heights, choose }) => {
  it('plays a package from start to end, switches to every rendition, and seeks', async () => {
    const page = await site.open();
    const seen = async (): Promise<Seen> => page.evaluate(SEEN);
    const until = (what: string, check: (now: Seen) => boolean): Promise<Seen> =>
      eventually(
        what,
        async () => {
          const now = await seen();
          if (now.faults.length > 0) throw new Error(now.faults.join('; '));
          return check(now) ? now : null;
        },
        60_000,
      );
    await page.evaluate(`(${load})(${JSON.stringify(name === 'hls.js' ? links.hls : links.dash)})`);
    await page.evaluate(`document.querySelector('video').play()`);

    const playing = await until('it plays', ({ time }) => time > 0.5);
    expect(playing.duration).toBeCloseTo(packaged.durationSeconds, 0);
    await until('it is heard', ({ sound }) => sound > 0);

    const offered = packaged.renditions.map(({ height }) => height).sort((a, b) => a - b);
    expect(offered.length).toBeGreaterThanOrEqual(3);
    expect([...(await page.evaluate<number[]>(heights))].sort((a, b) => a - b)).toEqual(offered);
    for (const height of offered) {
      await page.evaluate(`document.querySelector('video').currentTime = 0.1`);
      await page.evaluate(`(${choose})(${String(height)})`);
      const shown = await until(`${String(height)} lines are shown`, (now) => now.height === height && now.time > 0.2);
      expect(shown.width).toBe(packaged.renditions.find((each) => each.height === height)?.width);
    }

    for (const second of [6.2, 3.1]) {
      await page.evaluate(`document.querySelector('video').currentTime = ${String(second)}`);
      await until(`it goes on from ${String(second)} s`, ({ time }) => time > second + 0.3 && time < second + 2);
    }
    await page.evaluate(`document.querySelector('video').currentTime = 7`);
    await until('it reaches the end', ({ time, duration }) => time >= duration - 0.1);
    expect((await seen()).faults).toEqual([]);
    await page.close();
  });
});
