import type { JobFilter } from '@reelay/contracts';

/** Which jobs are meant: conditions on `jobs j`, to be joined by AND, with the parameters that they name. */
export interface JobChoice {
  readonly conditions: readonly string[];
  readonly parameters: readonly unknown[];
  /** A tsquery on the words of their parameters; null when none is looked for. */
  readonly words: string | null;
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
  if (filter.workflowId) conditions.push(`j.workflow_id = ${parameter(filter.workflowId)}`);
  if (filter.worker) conditions.push(`j.worker = ${parameter(filter.worker)}`);
  if (filter.q === undefined) return { conditions, parameters, words: null };
  if (!ID_START.test(filter.q)) return { conditions, parameters, words: toTsquery(filter.q) };
  const digits = filter.q.replaceAll('-', '').toLowerCase();
  const [lowest, highest] = ['0', 'f'].map((fill) => parameter(uuidOf(digits.padEnd(32, fill))));
  conditions.push(`j.id BETWEEN ${lowest ?? ''}::uuid AND ${highest ?? ''}::uuid`);
  return { conditions, parameters, words: null };
}

/** All words of a text; one that is followed by `*` stands for those that begin with it. Empty without a word. */
export const toTsquery = (text: string): string =>
  [...text.matchAll(/([\p{L}\p{N}]+)(\*?)/gu)].map(([, word = '', star]) => `'${word}'${star ? ':*' : ''}`).join(' & ');

function uuidOf(digits: string): string {
  let next = 0;
  return ID_TEMPLATE.replaceAll('0', () => digits[next++] ?? '0');
}
