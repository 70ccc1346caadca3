// What lists, figures and the dispatcher take with a million jobs in the table, beside the same with a thousand.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { defaultDataDir } from '../../tools/lib/paths.mjs';
import { removeStackData } from '../../tools/lib/stack-files.mjs';
import { patchSettings, withBenchStack } from './bench-stack.mjs';
import { figure, percentiles } from './figures.mjs';
import { submit, watchCompletions } from './jobs.mjs';
import { plansOf } from './plans.mjs';

const SMALL = 1_000;
const LARGE = 1_000_000;
/** Rows of one statement while the table is filled. */
const BATCH = 100_000;
const WARM_UP = 5;
/** Enough for a median of requests that differ little. */
const SAMPLES_MAX = 30;

/** Far above the ids that attempts get meanwhile. */
const FIRST_ATTEMPT = 1_000_000_000;

/** What is asked for, by name. `{middle}` is the cursor of a job half-way down. @type {Record<string, string>} */
const REQUESTS = {
  newest: '/jobs',
  'half-way down': '/jobs?cursor={middle}',
  'one state': '/jobs?status=failed',
  'two states': '/jobs?status=running,pending',
  'one type': '/jobs?type=million_b&sort=createdAt',
  'type and state': '/jobs?type=bench_waiting&status=cancelled',
  category: '/jobs?resourceCategory=gpu_ai',
  'by priority': '/jobs?sort=priority&status=completed',
  'by start': '/jobs?sort=-startedAt',
  worker: '/jobs?worker=million-7',
  'a rare word': '/jobs?q=clip_77.mp4',
  'a frequent word': '/jobs?q=inbox',
  'a time': '/jobs?createdAfter=2020-01-01T00:00:00Z',
  figures: '/jobs/stats',
};

/**
 * Adds jobs as months of work leave them: most completed, a twentieth waiting, each with its attempt.
 * @param {pg.Client} database
 * @param {number} from
 * @param {number} to
 */
async function fill(database, from, to) {
  await database.query(
    `WITH made AS (
       INSERT INTO jobs (type, params, priority, resource_category, status, progress, created_at, started_at, completed_at,
                         attempt_count, attempt_id)
       SELECT (ARRAY['million_a', 'million_b', 'bench_waiting'])[1 + n % 3],
              jsonb_build_object('inputPath', format('inbox/clip_%s.mp4', n), 'crf', n % 50), 1 + n % 10,
              (ARRAY['cpu', 'gpu_encode', 'gpu_ai'])[1 + n % 3], status, CASE status WHEN 'completed' THEN 100 ELSE 0 END,
              at, CASE WHEN status <> 'pending' THEN at + interval '1 s' END,
              CASE WHEN status <> 'pending' THEN at + interval '30 s' END,
              CASE WHEN status <> 'pending' THEN 1 ELSE 0 END, CASE WHEN status <> 'pending' THEN $3 + n END
         FROM generate_series($1::int, $2::int) AS n, LATERAL (
           SELECT now() - (1000000 - n) * interval '10 s' AS at, CASE
             WHEN n % 20 = 3 THEN 'pending' WHEN n % 25 = 1 THEN 'failed' WHEN n % 50 = 2 THEN 'cancelled'
             ELSE 'completed' END AS status) AS facts
       RETURNING id, attempt_id, status, created_at)
     INSERT INTO attempts (id, job_id, number, status, instance_id, created_at, published_at, claimed_at, finished_at)
     OVERRIDING SYSTEM VALUE
     SELECT attempt_id, id, 1, CASE status WHEN 'cancelled' THEN 'stopped' ELSE status END, 'million-' || attempt_id % 20,
            created_at, created_at, created_at, created_at
       FROM made WHERE attempt_id IS NOT NULL`,
    [from, to, FIRST_ATTEMPT],
  );
}

/** @param {() => Promise<unknown>} work @param {number} samples */
async function medianOf(work, samples) {
  const times = [];
  for (let n = 0; n < samples + WARM_UP; n++) {
    const start = performance.now();
    await work();
    if (n >= WARM_UP) times.push(performance.now() - start);
  }
  return percentiles(times).p50;
}

/**
 * @param {{ apiUrl: string, token: string }} api
 * @param {string} path
 */
async function get({ apiUrl, token }, path) {
  const response = await fetch(`${apiUrl}/api/media${path}`, { headers: { authorization: `Bearer ${token}` } });
  if (response.status !== 200)
    throw new Error(`GET ${path} was answered with ${response.status}: ${await response.text()}`);
  return response.json();
}

/** The cursor of the job in the middle: that of every page is its last job's. @param {pg.Client} database */
async function middleCursor(database) {
  const { rows } = await database.query(
    `SELECT created_at::text AS at, id FROM jobs ORDER BY created_at DESC OFFSET (SELECT count(*) / 2 FROM jobs) LIMIT 1`,
  );
  return Buffer.from(JSON.stringify(['-createdAt', [rows[0].at], rows[0].id])).toString('base64url');
}

/**
 * Medians in ms by name, at the size that the table has now.
 * @param {import('./benches.mjs').Context} context
 * @param {pg.Client} database
 */
async function medians(context, database) {
  await database.query('VACUUM ANALYZE');
  const middle = await middleCursor(database);
  /** @type {Record<string, number>} */
  const found = {};
  for (const [name, path] of Object.entries(REQUESTS)) {
    found[name] = await medianOf(() => get(context, path.replace('{middle}', middle)), context.samples);
  }
  const watch = await watchCompletions(context.amqpUrl);
  let n = 0;
  found['submitted to completed'] = await medianOf(
    async () => watch.completed(await submit(context, n++)),
    context.samples,
  );
  await watch.close();
  return found;
}

/** @param {pg.Client} database */
async function plansByName(database) {
  const middle = await middleCursor(database);
  /** @type {Record<string, string[]>} */
  const plans = {};
  for (const [name, path] of Object.entries(REQUESTS)) {
    plans[name] = await plansOf(database, path.replace('{middle}', middle));
  }
  return plans;
}

/** On a database of its own, which is empty: a thousand jobs, then a million. @type {import('./benches.mjs').Measure} */
export async function measure({ samples, ...sizes }) {
  mkdirSync(defaultDataDir, { recursive: true });
  const dataDir = mkdtempSync(join(defaultDataDir, 'bench-million-'));
  try {
    return await withBenchStack(dataDir, async (servers) => {
      const context = { ...sizes, ...servers, samples: Math.min(samples, SAMPLES_MAX) };
      const database = new pg.Client({ connectionString: servers.databaseUrl });
      await database.connect();
      try {
        // Two types were served once, and are by nobody now; the third is, and its category is full.
        await database.query("INSERT INTO job_types (name) VALUES ('million_a'), ('million_b')");
        await patchSettings(context, { limits: { gpu_ai: 0 } });
        await fill(database, 1, SMALL);
        const small = await medians(context, database);
        for (let from = SMALL; from < LARGE; from += BATCH)
          await fill(database, from + 1, Math.min(from + BATCH, LARGE));
        const large = await medians(context, database);
        const plans = await plansByName(database);
        return Object.keys(small).map((name) =>
          figure({
            ...{ bench: 'million', figure: name, unit: 'ms', of: `the same with ${SMALL} jobs`, limit: { atMost: 3 } },
            ...{ value: large[name] ?? NaN, reference: small[name] ?? NaN, plan: plans[name] },
          }),
        );
      } finally {
        await database.end();
      }
    });
  } finally {
    removeStackData(dataDir);
  }
}
