import type { JobSort } from '@reelay/contracts';
import type { JobChoice } from './job-filter.js';
import type { SqlRunner } from './statement.js';

/** The place of a job in an order: the values that it is sorted by, as text, and its id, which breaks ties. */
export interface JobPlace {
  readonly keys: readonly string[];
  readonly id: string;
}

interface SortKey {
  readonly expression: string;
  readonly type: string;
}

/** What each order compares; there is an index with these expressions, and the id, for every one. */
const SORTS: Readonly<Record<string, readonly SortKey[]>> = {
  createdAt: [{ expression: 'j.created_at', type: 'timestamptz' }],
  priority: [
    { expression: 'j.priority', type: 'smallint' },
    { expression: 'j.created_at', type: 'timestamptz' },
  ],
  // Jobs that never started come before all others, so that comparisons meet no null.
  startedAt: [{ expression: "coalesce(j.started_at, '-infinity'::timestamptz)", type: 'timestamptz' }],
};

function keysOf(sort: JobSort): { keys: readonly SortKey[]; descending: boolean } {
  const descending = sort.startsWith('-');
  const keys = SORTS[descending ? sort.slice(1) : sort];
  if (!keys) throw new Error(`there is no order ${sort}`);
  return { keys, descending };
}

/** How many values a place in this order has. */
export const keyCount = (sort: JobSort): number => keysOf(sort).keys.length;

/**
 * Ids of the jobs that a filter chooses, in order, with their places.
 * @param page.after the place after which to begin: as quick for the last page as for the first
 * @param page.offset jobs to skip; each of them is read
 */
export async function listJobIds(
  runner: SqlRunner,
  choice: JobChoice,
  page: { sort: JobSort; after?: JobPlace | undefined; offset?: number; limit: number },
): Promise<JobPlace[]> {
  const { keys, descending } = keysOf(page.sort);
  const parameters = [...choice.parameters];
  const conditions = [...choice.conditions];
  const columns = [...keys.map(({ expression }) => expression), 'j.id'];
  if (page.after) {
    const values = [...page.after.keys, page.after.id].map((value, index) => {
      const type = keys[index]?.type ?? 'uuid';
      return `$${String(parameters.push(value))}::${type}`;
    });
    conditions.push(`(${columns.join(', ')}) ${descending ? '<' : '>'} (${values.join(', ')})`);
  }
  const direction = descending ? 'DESC' : 'ASC';
  const statement: Statement = {
    texts: keys.map(({ expression }) => `(${expression})::text`).join(', '),
    where: whereOf(conditions),
    order: columns.map((column) => `${column} ${direction}`).join(', '),
    ...{ parameters, limit: page.limit, offset: page.offset ?? 0 },
  };
  return choice.words === null ? listAll(runner, statement) : search(runner, statement, choice.words);
}

interface Statement {
  readonly texts: string;
  readonly where: string;
  readonly order: string;
  readonly parameters: readonly unknown[];
  readonly limit: number;
  readonly offset: number;
}

function listAll(
  runner: SqlRunner,
  { texts, where, order, parameters, limit, offset }: Statement,
): Promise<JobPlace[]> {
  return runner.query<JobPlace[]>(
    `SELECT j.id, ARRAY[${texts}] AS keys FROM jobs j ${where} ORDER BY ${order}
      LIMIT ${String(limit)} OFFSET ${String(offset)}`,
    [...parameters],
  );
}

/** Jobs that are looked through in order, for each that is wanted, before the index of words is asked. */
const LOOKED_THROUGH = 50;

/**
 * A frequent word fills its page out of the first jobs in order; a rare one has few jobs, which the index of
 * words finds. Which of the two it is the planner cannot tell, and the wrong way takes seconds.
 */
async function search(runner: SqlRunner, statement: Statement, words: string): Promise<JobPlace[]> {
  if (words === '') return [];
  const { texts, where, order, limit, offset } = statement;
  const parameters = [...statement.parameters, words];
  const matches = `words @@ to_tsquery('simple', $${String(parameters.length)})`;
  const wanted = limit + offset;
  const page = `ORDER BY ${order} LIMIT ${String(limit)} OFFSET ${String(offset)}`;
  const nearest = await runner.query<JobPlace[]>(
    `SELECT j.id, ARRAY[${texts}] AS keys
       FROM (SELECT * FROM jobs j ${where} ORDER BY ${order} LIMIT ${String(wanted * LOOKED_THROUGH)}) j
      WHERE (SELECT s.${matches} FROM job_search s WHERE s.job_id = j.id) ${page}`,
    parameters,
  );
  if (nearest.length === limit) return nearest;
  return runner.query<JobPlace[]>(
    `WITH found AS MATERIALIZED (SELECT job_id FROM job_search WHERE ${matches})
     SELECT j.id, ARRAY[${texts}] AS keys FROM found JOIN jobs j ON j.id = found.job_id ${where} ${page}`,
    parameters,
  );
}

/** Most jobs that are counted one by one. */
const COUNTED_MAX = 1_000;

/** Counts what a filter without words chooses; `exact` is false when there are more than were counted. */
export async function countMatching(runner: SqlRunner, choice: JobChoice): Promise<{ total: number; exact: boolean }> {
  const [row] = await runner.query<{ n: number }[]>(
    `SELECT count(*)::integer AS n FROM (SELECT FROM jobs j ${whereOf(choice.conditions)} LIMIT ${String(COUNTED_MAX + 1)}) counted`,
    [...choice.parameters],
  );
  const n = row?.n ?? 0;
  return { total: Math.min(n, COUNTED_MAX), exact: n <= COUNTED_MAX };
}

/**
 * The place of a pending job among those of its type that the dispatcher may send, 1 for the next. Null for one
 * that does not wait for its turn, and for one with more than a thousand before it.
 */
export async function readQueuePosition(runner: SqlRunner, id: string): Promise<number | null> {
  const [row] = await runner.query<{ before: number }[]>(
    `SELECT (SELECT count(*)::integer FROM (
               SELECT FROM jobs b WHERE b.status = 'pending' AND NOT b.held AND b.type = j.type
                  AND (b.priority, b.created_at, b.id) < (j.priority, j.created_at, j.id)
                LIMIT ${String(COUNTED_MAX + 1)}) before) AS before
       FROM jobs j WHERE j.id = $1 AND j.status = 'pending' AND NOT j.held`,
    [id],
  );
  return row === undefined || row.before > COUNTED_MAX ? null : row.before + 1;
}

/**
 * Ids of all jobs that a filter chooses and that exist when it begins, the oldest first, in batches. Every
 * batch is a statement of its own: nothing is held in between.
 */
export async function* matchingIds(runner: SqlRunner, choice: JobChoice, batch: number): AsyncGenerator<string[]> {
  const [row] = await runner.query<{ now: string }[]>('SELECT now()::text AS now');
  const now = row?.now ?? '';
  const bounded: JobChoice = {
    ...choice,
    conditions: [...choice.conditions, `j.created_at <= $${String(choice.parameters.length + 1)}::timestamptz`],
    parameters: [...choice.parameters, now],
  };
  let after: JobPlace | undefined;
  do {
    const places = await listJobIds(runner, bounded, { sort: 'createdAt', after, limit: batch });
    if (places.length > 0) yield places.map(({ id }) => id);
    after = places.length < batch ? undefined : places.at(-1);
  } while (after);
}

const whereOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
