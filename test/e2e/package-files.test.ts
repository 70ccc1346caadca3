import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackageLinkView } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeSegments, readMediaPlaylist } from '../support/manifests.js';
import { makeVideo } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { linkTo, makePackage, runJob } from '../support/packages.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-encode': 1, 'worker-library': 1 } });
});
afterAll(async () => {
  await expectSound(reelay, {});
  await reelay.stop();
});

const inLibrary = (...path: string[]): string => join(reelay.mediaRoot, ...path);

/** A film of two seconds with a tone. */
const film = (name: string): Promise<string> =>
  makeVideo(reelay.mediaRoot, name, [
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=2', '-f', 'lavfi', '-i', 'sine=duration=2'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
  ]);

describe('packages over HTTP', () => {
  const get = (url: string, headers: Record<string, string> = {}): Promise<Response> => fetch(url, { headers });

  it('are served by a link, with types and ranges, to pages of other origins', async () => {
    const { packaged } = await makePackage(reelay, await film('served.mp4'));
    const { hls, dash } = await linkTo(reelay, packaged.path);
    const types: Record<string, string> = {
      [hls]: 'application/vnd.apple.mpegurl',
      [dash]: 'application/dash+xml',
      [new URL('180p/index.m3u8', hls).href]: 'application/vnd.apple.mpegurl',
      [new URL('180p/init.mp4', hls).href]: 'video/mp4',
      [new URL('180p/00001.m4s', hls).href]: 'video/iso.segment',
    };
    for (const [url, type] of Object.entries(types)) {
      const { status, headers } = await get(url, { origin: 'https://player.example' });
      expect([status, headers.get('content-type')]).toEqual([200, type]);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    }
    const part = await get(new URL('180p/00001.m4s', hls).href, { range: 'bytes=4-7' });
    expect([part.status, await part.text()]).toEqual([206, 'styp']);
    const preflight = await fetch(hls, { method: 'OPTIONS', headers: { origin: 'https://player.example' } });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('range'),
    ]);
  });

  it('show nothing else, whatever is asked for', async () => {
    const { hls } = await linkTo(reelay, 'packages/served');
    await writeFile(inLibrary('packages', 'served', '.hidden.m3u8'), 'x');
    await writeFile(inLibrary('packages', 'served', 'notes.txt'), 'x');
    const asked: readonly [string, number][] = [
      ['.hidden.m3u8', 400],
      ['notes.txt', 400],
      ['none.m3u8', 404],
      ['..%2Fother%2Fmaster.m3u8', 400],
      ['%2e%2e/master.m3u8', 404],
      ['180p/..%2Fmaster.m3u8', 400],
      ['180p/00099.m4s', 404],
    ];
    const folder = hls.slice(0, hls.lastIndexOf('/'));
    for (const [name, status] of asked) expect([name, (await get(`${folder}/${name}`)).status]).toEqual([name, status]);
    const forged = hls.replace(/packages\/(.)/, (_, first) => `packages/${first === 'W' ? 'X' : 'W'}`);
    expect(forged).not.toBe(hls);
    const answer = await get(forged);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, 'LINK_INVALID']);
  });

  it('have links of packages only, and for a while only', async () => {
    const ask = (body: unknown) => reelay.api.call<PackageLinkView>('POST', '/api/media/packages/links', body);
    for (const path of ['packages', 'packages/../inbox', 'inbox/served.mp4', 'packages/a/b']) {
      expect([path, (await ask({ path })).status]).toEqual([path, 400]);
    }
    expect((await ask({ path: 'packages/none' })).status).toBe(404);
    const { body } = await ask({ path: 'packages/served', expiresInSeconds: 1 });
    await new Promise((resolve) => setTimeout(resolve, Date.parse(body.expiresAt) - Date.now() + 50));
    expect((await get(`${reelay.api.url}${body.hlsUrl}`)).status).toBe(403);
    expect((await fetch(`${reelay.api.url}/api/media/packages/links`, { method: 'POST' })).status).toBe(401);
  });
});

describe('delete_output', () => {
  it('removes what jobs made on the way, and says how much; what is gone is no fault', async () => {
    const { encoded } = await makePackage(reelay, await film('to-delete.mp4'));
    const path = encoded[0]?.path ?? '';
    const job = await runJob(reelay, 'delete_output', { paths: [path, 'work/never-was'] });
    expect(job.result).toMatchObject({ removed: [{ path, files: 5 }], gone: ['work/never-was'] });
    expect((job.result as { sizeBytes: number }).sizeBytes).toBeGreaterThan(10_000);
    expect(await readdir(inLibrary('work'))).not.toContain(path.slice('work/'.length));
    expect((await runJob(reelay, 'delete_output', { paths: [path] })).result).toMatchObject({
      gone: [path],
      sizeBytes: 0,
    });
    // The package has names of its own for what it shares.
    expect((await readMediaPlaylist(inLibrary('packages/to-delete/180p/index.m3u8'))).segments.length).toBeGreaterThan(
      0,
    );
    await decodeSegments(inLibrary('packages/to-delete/180p'));
  });

  it('removes nothing beyond work/ that was not confirmed, and no video of the library', async () => {
    const inputPath = await film('kept.mp4');
    await runJob(reelay, 'probe', { inputPath });
    for (const params of [
      { paths: [inputPath] },
      { paths: [inputPath], confirm: [inputPath] },
      { paths: ['packages/to-delete'] },
      { paths: ['work/../inbox/kept.mp4'] },
    ]) {
      const { status, body } = await reelay.api.call<{ id: string }>('POST', '/api/media/jobs', {
        type: 'delete_output',
        params,
      });
      if (status === 201) expect((await reelay.api.until(body.id, 'failed')).error?.retryable).toBe(false);
      else expect(status).toBe(422);
    }
    await stat(inLibrary(inputPath));
    const confirmed = { paths: ['packages/to-delete'], confirm: ['packages/to-delete'] };
    expect((await runJob(reelay, 'delete_output', confirmed)).result).toMatchObject({
      removed: [{ path: 'packages/to-delete' }],
    });
    expect(await readdir(inLibrary('packages'))).not.toContain('to-delete');
  });
});
