import { randomUUID } from 'node:crypto';
import {
  ATTEMPT_LINES_MAX,
  failUnroutable,
  findUnclaimed,
  findUnpublished,
  giveBackAttempts,
  announceWorkers,
  applyFailures,
  appendLogLines,
  applyVideoChanges,
  markPublished,
  noteSignsOfLife,
  noteTerminated,
  patchSettings,
  pauseJobs,
  queueJobs,
  readDispatchSnapshot,
  readLog,
  readSettings,
  releaseJobs,
  resumeJobs,
  wishOfWorker,
  type Announcement,
} from '@reelay/persistence';
import { DEFAULT_SETTINGS, type VideoChange } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { anywhere, failure, StoreFixture } from '../support/store-fixture.js';

const fixture = new StoreFixture();

describe('orders', () => {
  const age = (attemptId: number, column: string) =>
    fixture.store.query(`UPDATE attempts SET ${column} = now() - interval '1 hour' WHERE id = $1`, [attemptId]);

  it('that were stored and never confirmed are found', async () => {
    const { id, attemptId } = await fixture.queued();
    expect((await findUnpublished(fixture.store, 60_000)).map((order) => order.attemptId)).not.toContain(attemptId);
    await age(attemptId, 'created_at');
    expect(await findUnpublished(fixture.store, 60_000)).toContainEqual(
      expect.objectContaining({ attemptId, jobId: id, number: 1 }),
    );
    await markPublished(fixture.store, [attemptId]);
    expect((await findUnpublished(fixture.store, 60_000)).map((order) => order.attemptId)).not.toContain(attemptId);
  });

  it('that nobody claimed are found, and their jobs wait again', async () => {
    const { id, attemptId } = await fixture.queued();
    await age(attemptId, 'published_at');
    expect(await findUnclaimed(fixture.store, 30_000)).toContain(attemptId);
    await giveBackAttempts(fixture.store, [{ attemptId, instanceId: null, status: 'returned', unroutable: false }]);
    expect(await fixture.job(id)).toMatchObject({ status: 'pending', unroutableSince: null });
  });
});

describe('the state that is dispatched on', () => {
  const announcement = (more: Partial<Announcement>): Announcement => ({
    ...{ instanceId: 'd1', jobType: 'dispatch_test', app: 'a', host: 'h', version: '1', sdkVersion: '1', slots: 3 },
    ...{
      vramMb: 0,
      devices: [],
      cpus: 2,
      executor: 'local',
      features: [],
      livenessMs: 15_000,
      label: 'D',
      shortDescription: '',
    },
    ...{ description: '', parameters: {}, category: 'cpu', jobVramMb: 0 },
    ...more,
  });
  const pendingOf = async (type: string) =>
    (await readDispatchSnapshot(fixture.store)).pending.filter((waiting) => waiting.type === type);

  it('holds waiting jobs of every type, the due ones only', async () => {
    const now = await fixture.newJob({ type: 'due_a' });
    await fixture.newJob({ type: 'due_b' });
    const later = await fixture.newJob({ type: 'due_a', priority: 1 });
    const [order] = await queueJobs(fixture.store, [anywhere(later)]);
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    await applyFailures(fixture.store, [failure(order!.attemptId, inAnHour)]);
    const dueNow = async () => (await pendingOf('due_a')).map(({ id }) => id);
    await releaseJobs(fixture.store);
    expect(await dueNow()).toEqual([now]);
    expect(await pendingOf('due_b')).toHaveLength(1);
    const all = (await readDispatchSnapshot(fixture.store, 'all')).pending.map(({ id }) => id);
    expect(all).toEqual(expect.arrayContaining([now, later]));
    await fixture.store.query('UPDATE jobs SET retry_after = now() WHERE id = $1', [later]);
    expect(await dueNow()).toEqual([now]);
    expect(await releaseJobs(fixture.store)).toBe(1);
    expect((await dueNow()).sort()).toEqual([now, later].sort());
    expect(await releaseJobs(fixture.store)).toBe(0);
  });

  it('leaves out jobs whose type nobody announced, until somebody does', async () => {
    const { id, attemptId } = await fixture.queued({ type: 'unheard_of' });
    await giveBackAttempts(fixture.store, [{ attemptId, instanceId: null, status: 'returned', unroutable: true }]);
    expect(await pendingOf('unheard_of')).toEqual([]);
    expect((await fixture.job(id)).unroutableSince).not.toBeNull();
    await releaseJobs(fixture.store);
    expect(await pendingOf('unheard_of')).toEqual([]);
    await announceWorkers(fixture.store, [announcement({ jobType: 'unheard_of' })]);
    await releaseJobs(fixture.store);
    expect((await pendingOf('unheard_of')).map((waiting) => waiting.id)).toEqual([id]);
  });

  it('fails jobs that waited too long for that', async () => {
    const { id, attemptId } = await fixture.queued({ type: 'never_heard_of' });
    await giveBackAttempts(fixture.store, [{ attemptId, instanceId: null, status: 'returned', unroutable: true }]);
    expect(await failUnroutable(fixture.store, 60_000)).toEqual([]);
    await fixture.store.query("UPDATE jobs SET unroutable_since = now() - interval '1 day' WHERE id = $1", [id]);
    expect(await failUnroutable(fixture.store, 60_000)).toMatchObject([{ id, status: 'failed' }]);
    expect(await fixture.job(id)).toMatchObject({ errorCode: 'UNROUTABLE', errorRetryable: false });
  });

  it('puts right what a lost direct message left behind', async () => {
    await announceWorkers(fixture.store, [announcement({ instanceId: 'd2', jobType: 'corrected' })]);
    const { id, attemptId } = await fixture.queued({ type: 'corrected' });
    await fixture.claim(attemptId, 'd2');
    const told = (activity: string, paused: number[] | null) =>
      noteSignsOfLife(fixture.store, [{ instanceId: 'd2', activity, running: [attemptId], paused }]);
    const about = (tell: string) => [{ instanceId: 'd2', tell, attemptId }];
    const aboutWorker = (tell: string) => [{ instanceId: 'd2', tell, attemptId: null }];

    expect(await told('Busy', [])).toEqual([]);
    await pauseJobs(fixture.store, [id]);
    expect(await told('Busy', [])).toEqual(about('pause_process'));
    expect(await told('Idle', [attemptId])).toEqual([]);
    await resumeJobs(fixture.store, [id]);
    expect(await told('Idle', [attemptId])).toEqual(about('resume_process'));
    // A worker of another make does not say what is paused.
    expect(await told('Busy', null)).toEqual([]);

    expect(await wishOfWorker(fixture.store, 'd2', 'pause')).toBe(true);
    expect(await told('Busy', [])).toEqual(aboutWorker('stop_consuming_jobs'));
    expect(await told('Suspended', [])).toEqual([]);
    await wishOfWorker(fixture.store, 'd2', 'work');
    expect(await told('Suspended', [])).toEqual(aboutWorker('resume_consuming_jobs'));
    await wishOfWorker(fixture.store, 'd2', 'drain');
    expect(await told('Busy', [])).toEqual(aboutWorker('stop_worker'));
    expect(await told('Suspended', [])).toEqual([]);

    // It stopped, and is started again under its old name.
    await noteTerminated(fixture.store, ['d2']);
    await announceWorkers(fixture.store, [announcement({ instanceId: 'd2', jobType: 'corrected' })]);
    expect(await told('Idle', [])).toEqual([]);
  });

  it('holds live workers with what they run, and forgets them when they leave or suspend', async () => {
    await announceWorkers(fixture.store, [announcement({}), announcement({ jobType: 'second_type' })]);
    const { attemptId } = await fixture.queued({ type: 'dispatch_test' });
    await fixture.claim(attemptId, 'd1');
    const workersNow = async () =>
      (await readDispatchSnapshot(fixture.store)).workers.filter(({ instanceId }) => instanceId === 'd1');
    const [worker] = await workersNow();
    expect(worker).toMatchObject({ host: 'h', slots: 3, devices: [] });
    expect((await readDispatchSnapshot(fixture.store)).attempts).toContainEqual(
      expect.objectContaining({
        type: 'dispatch_test',
        status: 'running',
        instanceId: 'd1',
        host: 'h',
        holdsSlot: true,
      }),
    );
    expect(worker?.jobTypes).toEqual(expect.arrayContaining(['dispatch_test', 'second_type']));
    await noteSignsOfLife(fixture.store, [{ instanceId: 'd1', activity: 'Suspended', running: [], paused: null }]);
    expect(await workersNow()).toEqual([]);
    await noteSignsOfLife(fixture.store, [{ instanceId: 'd1', activity: 'Idle', running: [], paused: null }]);
    expect(await workersNow()).toHaveLength(1);
    await noteTerminated(fixture.store, ['d1']);
    expect(await workersNow()).toEqual([]);
  });
});

describe('records', () => {
  it('log lines keep their order and are cut to size', async () => {
    const { id, attemptId } = await fixture.queued();
    const lines = [1, 2, 3].map((n) => ({ attemptId, at: '2026-02-13T10:30:15.000Z', line: `line ${String(n)}` }));
    await appendLogLines(fixture.store, [
      ...lines,
      { ...lines[0]!, attemptId: 999_999_999 },
      { ...lines[0]!, line: 'x'.repeat(10_000) },
    ]);
    const log = await readLog(fixture.store, id);
    expect(log.split('\n').slice(0, 3)).toEqual([1, 2, 3].map((n) => `[2026-02-13 10:30:15] line ${String(n)}`));
    expect(log.length).toBeLessThan(5_000);
  });

  it('videos are made and completed field by field', async () => {
    const jobId = await fixture.newJob();
    const media = {
      ...{ container: 'mp4', durationSeconds: 8, sizeBytes: 100, bitrateKbps: 10, audio: null },
      video: {
        codec: 'h264',
        profile: null,
        pixelFormat: null,
        width: 4,
        height: 2,
        displayAspectRatio: null,
        fps: 25,
        rotation: 0,
        bitrateKbps: null,
      },
    };
    await applyVideoChanges(fixture.store, [
      { jobId, change: { path: 'inbox/a.mp4', media, valid: true } },
      { jobId, change: { path: 'playback/a.mp4', media, valid: true, derivedFrom: 'inbox/a.mp4' } },
      { jobId, change: { path: 'inbox/a.mp4', reencoded: true } },
      { jobId, change: { path: 'inbox/a.mp4', thumbnailPath: 'thumbnails/a.jpg' } },
      { jobId, change: { path: 'inbox/a.mp4', spritePath: 'thumbnails/a.vtt' } },
      { jobId, change: { path: 'inbox/a.mp4', previewPath: 'thumbnails/a.webp' } },
    ]);
    const videos = await fixture.store.query<{ id: string; path: string }[]>('SELECT * FROM videos ORDER BY path');
    expect(videos).toMatchObject([
      {
        ...{ path: 'inbox/a.mp4', width: 4, valid: true, thumbnail_path: 'thumbnails/a.jpg', reencode_job_id: jobId },
        ...{ sprite_path: 'thumbnails/a.vtt', preview_path: 'thumbnails/a.webp' },
      },
      { path: 'playback/a.mp4', source_video_id: videos[0]!.id },
    ]);
  });

  describe('of videos that were moved', () => {
    const apply = (...changes: VideoChange[]) => {
      const jobId = randomUUID();
      return applyVideoChanges(
        fixture.store,
        changes.map((change) => ({ jobId, change })),
      );
    };
    const rowOf = async (path: string) =>
      (await fixture.store.query<Record<string, unknown>[]>('SELECT * FROM videos WHERE path = $1', [path]))[0];

    it('follow them with their ids, many at once', async () => {
      const paths = Array.from({ length: 20 }, (_, n) => `inbox/moved-${String(n)}.mp4`);
      await apply(...paths.map((path) => ({ path, thumbnailPath: `${path}.jpg` })));
      const before = await Promise.all(paths.map(rowOf));
      await apply(...paths.map((path) => ({ path, movedTo: path.replace('inbox/', 'videos/') })));
      for (const [n, path] of paths.entries()) {
        expect(await rowOf(path)).toBeUndefined();
        expect(await rowOf(path.replace('inbox/', 'videos/'))).toMatchObject({
          id: before[n]!.id,
          thumbnail_path: `${path}.jpg`,
        });
      }
    });

    it('are merged with one that stands at the new path, and keep what was made from either', async () => {
      await apply(
        { path: 'inbox/m.mp4', thumbnailPath: 'thumbnails/m.jpg' },
        { path: 'videos/m.mp4', thumbnailPath: 'thumbnails/other.jpg', valid: false, invalidReason: 'odd' },
        { path: 'videos/m.mp4', spritePath: 'thumbnails/m.vtt', previewPath: 'thumbnails/m.mp4' },
        { path: 'playback/m1.mp4', derivedFrom: 'inbox/m.mp4' },
        { path: 'playback/m2.mp4', derivedFrom: 'videos/m.mp4' },
      );
      const { id } = (await rowOf('inbox/m.mp4')) as { id: string };
      await apply({ path: 'inbox/m.mp4', movedTo: 'videos/m.mp4' });
      expect(await rowOf('inbox/m.mp4')).toBeUndefined();
      expect(await rowOf('videos/m.mp4')).toMatchObject({
        id,
        thumbnail_path: 'thumbnails/m.jpg',
        sprite_path: 'thumbnails/m.vtt',
        preview_path: 'thumbnails/m.mp4',
        valid: false,
        invalid_reason: 'odd',
      });
      expect(await rowOf('playback/m1.mp4')).toMatchObject({ source_video_id: id });
      expect(await rowOf('playback/m2.mp4')).toMatchObject({ source_video_id: id });
    });

    it('that were made from each other are merged as well', async () => {
      await apply({ path: 'inbox/c.mp4' }, { path: 'videos/c.mp4', derivedFrom: 'inbox/c.mp4' });
      await apply({ path: 'inbox/c.mp4', movedTo: 'videos/c.mp4' });
      expect(await rowOf('videos/c.mp4')).toMatchObject({ source_video_id: null });
      await apply({ path: 'inbox/d.mp4', derivedFrom: 'videos/c.mp4' });
      await apply({ path: 'inbox/d.mp4', movedTo: 'videos/c.mp4' });
      expect(await rowOf('videos/c.mp4')).toMatchObject({ source_video_id: null });
    });

    it('twice in one batch end where they were moved last; a new file may take the old path', async () => {
      await apply({ path: 'inbox/t.mp4', valid: true });
      const { id } = (await rowOf('inbox/t.mp4')) as { id: string };
      await apply(
        { path: 'inbox/t.mp4', movedTo: 'clips/t.mp4' },
        { path: 'clips/t.mp4', movedTo: 'videos/t.mp4' },
        { path: 'inbox/t.mp4', valid: false, invalidReason: 'another file' },
      );
      expect(await rowOf('videos/t.mp4')).toMatchObject({ id, valid: true });
      expect(await rowOf('clips/t.mp4')).toBeUndefined();
      expect(await rowOf('inbox/t.mp4')).toMatchObject({ valid: false });
    });

    it('have a row from then on, if they had none', async () => {
      await apply({ path: 'inbox/unknown.mp4', movedTo: 'videos/unknown.mp4' });
      expect(await rowOf('videos/unknown.mp4')).toBeDefined();
      expect(await rowOf('inbox/unknown.mp4')).toBeUndefined();
    });
  });
});

describe('the log of an attempt', () => {
  it('keeps the first ten thousand lines, and says that it was cut off', async () => {
    const { id, attemptId } = await fixture.queued();
    const lines = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({
        attemptId,
        at: new Date().toISOString(),
        line: `line ${String(from + n)}`,
      }));
    expect(await appendLogLines(fixture.store, lines(1, 6_000))).toEqual([id]);
    expect(await appendLogLines(fixture.store, lines(6_001, 6_000))).toEqual([id]);
    expect(await appendLogLines(fixture.store, lines(12_001, 10))).toEqual([]);
    const [{ n, last }] = await fixture.store.query<[{ n: number; last: string }]>(
      'SELECT count(*)::int AS n, (array_agg(line ORDER BY id DESC))[1] AS last FROM job_log_lines WHERE job_id = $1',
      [id],
    );
    expect([n, last]).toEqual([ATTEMPT_LINES_MAX + 1, '--- LOG CUT OFF AFTER 10000 LINES ---']);
    // The reason of its end is added by the backend and is there in any case.
    await applyFailures(fixture.store, [failure(attemptId)]);
    expect(await readLog(fixture.store, id)).toMatch(/CUT OFF.*\n.*--- ERROR ---\n.*it broke$/);
  });
});

describe('settings', () => {
  it('have defaults, and keep what a change leaves out', async () => {
    expect(await readSettings(fixture.store)).toEqual(DEFAULT_SETTINGS);
    await patchSettings(fixture.store, { limits: { cpu: 9 }, scheduling: { paused: true } });
    const changed = await patchSettings(fixture.store, { limits: { gpu_ai: 4 } });
    expect(changed).toEqual({
      ...DEFAULT_SETTINGS,
      limits: { ...DEFAULT_SETTINGS.limits, cpu: 9, gpu_ai: 4 },
      scheduling: { ...DEFAULT_SETTINGS.scheduling, paused: true },
    });
    expect(await readSettings(fixture.store)).toEqual(changed);
    expect(await readDispatchSnapshot(fixture.store)).toMatchObject({ limits: { cpu: 9 }, queuePaused: true });
  });
});
