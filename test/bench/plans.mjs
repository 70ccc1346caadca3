// How PostgreSQL reads what a list asks for: the very statements that the backend sends, explained.
import { listJobsQuery } from '@reelay/contracts';
import { chooseJobs, listJobIds } from '@reelay/persistence';

/**
 * The scans of each statement behind a list of jobs; empty for a request that is no such list.
 * @param {import('pg').Client} database
 * @param {string} path such as `/jobs?status=failed`
 * @returns {Promise<string[]>}
 */
export async function plansOf(database, path) {
  const { pathname, searchParams } = new URL(path, 'http://localhost');
  if (pathname !== '/jobs') return [];
  const { cursor, limit, sort, ...filter } = listJobsQuery.parse(Object.fromEntries(searchParams));
  /** @type {string[]} */
  const plans = [];
  const runner = {
    /** @template T @param {string} sql @param {unknown[]} [parameters] @returns {Promise<T>} */
    async query(sql, parameters) {
      const { rows } = await database.query(`EXPLAIN (COSTS OFF) ${sql}`, parameters);
      plans.push(scansOf(rows.map((row) => row['QUERY PLAN'])).join('; '));
      return /** @type {T} */ ([]);
    },
  };
  await listJobIds(runner, chooseJobs(filter), { sort, limit, after: placeOf(cursor) });
  return plans;
}

/** @param {readonly string[]} lines */
const scansOf = (lines) =>
  lines.filter((line) => /Scan|Sort Key/.test(line)).map((line) => line.replace(/^[\s>-]+/, ''));

/** @param {string | undefined} cursor @returns {import('@reelay/persistence').JobPlace | undefined} */
function placeOf(cursor) {
  if (cursor === undefined) return undefined;
  const [, keys, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  return { keys, id };
}
