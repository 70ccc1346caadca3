import { randomUUID } from 'node:crypto';
import { JOB_SORTS, type JobFilter, type JobSort } from '@reelay/contracts';
import {
  applyCompletions,
  chooseJobs,
  countJobs,
  countMatching,
  deleteJobs,
  examine,
  insertJobs,
  JobEntity,
  keyCount,
  listJobIds,
  matchingIds,
  queueJobs,
  readCount,
  sumUpCounts,
  type JobPlace,
} from '@reelay/persistence';
import { beforeAll, describe, expect, it } from 'vitest';
import { anywhere, completion, StoreFixture } from '../support/store-fixture.js';

const fixture = new StoreFixture();
const TOTAL = 60;

/** Jobs of three types and all priorities, some over, some running, and several of one statement: equal times. */
beforeAll(async () => {
  for (let start = 0; start < TOTAL; start += 20) {
    await insertJobs(
      fixture.store,
      Array.from({ length: 20 }, (_, n) => ({
        type: `list_${String(n % 3)}`,
        params: { inputPath: `inbox/Été-2024/clip_${String(start + n)}.mp4`, crf: 20 + (n % 3), note: 'a "quoted": b' },
        priority: 1 + ((start + n) % 10),
        resourceCategory: n % 2 ? ('cpu' as const) : ('gpu_encode' as const),
        vramRequired: 0,
        maxRetries: 3,
        target: null,
      })),
    );
  }
  const jobs = await fixture.store.getRepository(JobEntity).find({ take: 20, order: { id: 'ASC' } });
  const orders = await queueJobs(
    fixture.store,
    jobs.map(({ id }) => anywhere(id)),
  );
  for (const [index, { attemptId }] of orders.entries()) {
    if (index < 12) await fixture.claim(attemptId, index % 2 ? 'odd' : 'even');
    if (index < 6) await applyCompletions(fixture.store, [completion(attemptId, null)]);
  }
});

const idsOf = async (filter: JobFilter): Promise<string[]> =>
  (await listJobIds(fixture.store, chooseJobs(filter), { sort: 'createdAt', limit: 1_000 })).map(({ id }) => id);

/** The same order, made by hand from all rows. */
async function sortedByHand(sort: JobSort): Promise<string[]> {
  const jobs = await fixture.store.query<{ id: string; keys: string[] }[]>(
    `SELECT id, ARRAY[lpad(priority::text, 2, '0'), created_at::text, coalesce(started_at::text, '')] AS keys FROM jobs`,
  );
  const by = { createdAt: [1], priority: [0, 1], startedAt: [2] }[sort.replace('-', '')] ?? [];
  const keyOf = ({ id, keys }: { id: string; keys: string[] }) => [...by.map((n) => keys[n]), id].join(' ');
  const ids = jobs.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).map(({ id }) => id);
  return sort.startsWith('-') ? ids.reverse() : ids;
}

describe('an order', () => {
  it.each(JOB_SORTS)('by %s is the same by pages and by cursors, and misses and repeats none', async (sort) => {
    const byHand = await sortedByHand(sort);
    // Every job has this word; the last pages are found by the index of words.
    const choice = chooseJobs(sort === 'priority' ? { q: 'inbox' } : {});
    const byPages: string[] = [];
    for (let offset = 0; offset < TOTAL; offset += 7) {
      byPages.push(...(await listJobIds(fixture.store, choice, { sort, offset, limit: 7 })).map(({ id }) => id));
    }
    expect(byPages).toEqual(byHand);
    const byCursors: string[] = [];
    let after: JobPlace | undefined;
    do {
      const page = await listJobIds(fixture.store, choice, { sort, after, limit: 7 });
      byCursors.push(...page.map(({ id }) => id));
      after = page.at(-1);
      if (after) expect(after.keys).toHaveLength(keyCount(sort));
    } while (after);
    expect(byCursors).toEqual(byHand);
  });
});

describe('a filter', () => {
  it.each<[what: string, filter: JobFilter, count: number]>([
    ['one state', { status: ['completed'] }, 6],
    ['states', { status: ['completed', 'running'] }, 12],
    ['types', { type: ['list_0', 'list_1'] }, 42],
    ['a category', { resourceCategory: ['cpu'] }, 30],
    ['a worker', { worker: 'odd' }, 6],
    ['a worker and a state', { worker: 'odd', status: ['completed'] }, 3],
    ['a time that is past', { createdBefore: '2020-01-01T00:00:00Z' }, 0],
    ['a time', { createdAfter: '2020-01-01T00:00:00+02:00' }, 60],
    ['a word', { q: 'inbox' }, 60],
    ['the beginnings of words, in another case', { q: 'ÉTÉ cli* 1*' }, 11],
    ['part of a word', { q: 'cli' }, 0],
    ['a word and a state', { q: 'inbox', status: ['completed'] }, 6],
    ['several words', { q: 'clip_59.mp4' }, 1],
    ['a number', { q: '22' }, 18],
    ['a word in quotes', { q: 'quoted' }, 60],
    ['the name of a parameter', { q: 'inputPath' }, 0],
    ['no word', { q: '%_/' }, 0],
    ['what would be an operator', { q: "clip & !x | 'y" }, 0],
  ])('by %s', async (_what, filter, count) => {
    expect(await idsOf(filter)).toHaveLength(count);
    if (filter.q !== undefined) return;
    expect(await countMatching(fixture.store, chooseJobs(filter))).toEqual({ total: count, exact: true });
  });

  it('by the beginning of an id', async () => {
    const [id = ''] = await idsOf({});
    expect(await idsOf({ q: id.slice(0, 8) })).toEqual([id]);
    expect(await idsOf({ q: id.slice(0, 20).toUpperCase() })).toEqual([id]);
    expect(await idsOf({ q: id })).toEqual([id]);
    expect(await idsOf({ q: randomUUID() })).toEqual([]);
  });

  it('gives its jobs in batches for an action', async () => {
    const batches: string[][] = [];
    for await (const batch of matchingIds(fixture.store, chooseJobs({ type: ['list_0'] }), 5)) batches.push(batch);
    expect(batches.map(({ length }) => length)).toEqual([5, 5, 5, 5, 1]);
    expect(new Set(batches.flat()).size).toBe(21);
  });
});

describe('counts', () => {
  const exact = async () => {
    expect((await examine(fixture.store)).findings).toEqual([]);
  };

  it('follow every change and every summing-up', async () => {
    await exact();
    expect(await readCount(fixture.store, { status: ['completed'] })).toBe(6);
    expect(await readCount(fixture.store, { type: ['list_0'], resourceCategory: ['cpu'] })).toBe(9);
    const done = await idsOf({ status: ['completed'] });
    await deleteJobs(fixture.store, done.slice(0, 2));
    expect(await readCount(fixture.store, { status: ['completed'] })).toBe(4);
    await Promise.all(Array.from({ length: 1_100 }, () => fixture.newJob({ type: 'counted' })));
    await Promise.all([sumUpCounts(fixture.store), sumUpCounts(fixture.store), fixture.newJob({ type: 'counted' })]);
    expect(await readCount(fixture.store, { type: ['counted'] })).toBe(1_101);
    const [counted] = await fixture.store.query<{ rows: number }[]>('SELECT count(*)::int AS rows FROM job_counts');
    expect(counted?.rows).toBeLessThan(30);
    expect((await countJobs(fixture.store)).byType.counted).toBe(1_101);
    await exact();
  });

  it('by other fields end at a thousand', async () => {
    expect(await countMatching(fixture.store, chooseJobs({ createdAfter: '2020-01-01T00:00:00Z' }))).toEqual({
      total: 1_000,
      exact: false,
    });
  });
});
