import type { JobFilter } from '@reelay/contracts';

/** Conditions on `jobs j`, to be joined by AND, with the parameters that they name. */
export interface JobChoice {
  readonly conditions: readonly string[];
  readonly parameters: readonly unknown[];
}

/** The beginning of a UUID, long enough not to be a word that is meant. */
const ID_START = /^[0-9a-f]{8}[0-9a-f-]{0,28}$/i;
const ID_TEMPLATE = '00000000-0000-0000-0000-000000000000';

/** Jobs that a filter chooses; fields that are left out choose all. */
export function chooseJobs(filter: JobFilter): JobChoice {
  const parameters: unknown[] = [];
  const conditions: string[] = [];
  const parameter = (value: unknown): string => `$${String(parameters.push(value))}`;
  const lists = { status: filter.status, type: filter.type, resource_category: filter.resourceCategory };
  for (const [column, values] of Object.entries(lists)) {
    // One value by itself lets an index on it give the order as well.
    if (values?.length === 1) conditions.push(`j.${column} = ${parameter(values[0])}`);
    else if (values) conditions.push(`j.${column} = ANY (${parameter(values)}::text[])`);
  }
  if (filter.createdAfter) conditions.push(`j.created_at >= ${parameter(filter.createdAfter)}::timestamptz`);
  if (filter.createdBefore) conditions.push(`j.created_at < ${parameter(filter.createdBefore)}::timestamptz`);
  if (filter.worker) {
    const held = `a.job_id = j.id AND a.id = j.attempt_id AND a.instance_id = ${parameter(filter.worker)}`;
    conditions.push(`EXISTS (SELECT FROM attempts a WHERE ${held})`);
  }
  if (filter.q !== undefined) conditions.push(...searched(filter.q, parameter));
  return { conditions, parameters };
}

/** Every word that is asked for begins a word of the parameters; or the text begins the job's id. */
function searched(text: string, parameter: (value: unknown) => string): string[] {
  if (ID_START.test(text)) {
    const compact = text.replaceAll('-', '').toLowerCase();
    const bound = (fill: string): string => parameter(uuidOf(compact.padEnd(32, fill)));
    return [`j.id BETWEEN ${bound('0')}::uuid AND ${bound('f')}::uuid`];
  }
  const words = text.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length === 0) return ['false'];
  const query = words.map((word) => `'${word}':*`).join(' & ');
  return [
    `EXISTS (SELECT FROM job_search s WHERE s.job_id = j.id AND s.words @@ to_tsquery('simple', ${parameter(query)}))`,
  ];
}

function uuidOf(digits: string): string {
  let next = 0;
  return ID_TEMPLATE.replaceAll('0', () => digits[next++] ?? '0');
}
