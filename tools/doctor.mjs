// npm run doctor: looks for what should never be in the records of a running Reelay, and in its queues.
import { parseArgs } from 'node:util';
import { defaultDataDir } from './lib/paths.mjs';
import { ensureProject } from './lib/project.mjs';
import { readEnvFile, stackFiles } from './lib/stack-files.mjs';
import { runMain, ToolError } from './lib/tool-error.mjs';

const HELP = `npm run doctor [-- --json]

Examines the database of the stack that npm run up started, or the one that DATABASE_URL names.
Exits 0 when it finds nothing wrong, else 1 with what is wrong and which jobs show it.
`;

/** Messages here wait for a person. */
const PARKING = ['job_response_dead', 'job_order_dead', 'job_response_not_found', 'worker_response_not_found'];

/** @returns {Record<string, string | undefined>} */
function readSettings() {
  if (process.env.DATABASE_URL) return process.env;
  try {
    return readEnvFile(stackFiles(defaultDataDir).env);
  } catch {
    throw new ToolError('There is no stack to examine.', { hint: 'npm run up, or set DATABASE_URL' });
  }
}

/** @param {Record<string, string | undefined>} env @returns {Promise<{ queue: string, messages: number }[]>} */
async function parked({
  RABBITMQ_MANAGEMENT_URL: url,
  RABBITMQ_MANAGEMENT_USER: user,
  RABBITMQ_MANAGEMENT_PASSWORD: password,
}) {
  if (!url || !user || !password) return [];
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const response = await fetch(`${url}/api/queues`, { headers: { authorization } });
  if (!response.ok) throw new ToolError(`RabbitMQ's management API answered ${response.status}.`);
  const queues = /** @type {{ name: string, messages?: number }[]} */ (await response.json());
  return queues
    .filter(({ name, messages }) => PARKING.includes(name) && messages)
    .map(({ name, messages = 0 }) => ({ queue: name, messages }));
}

runMain(async () => {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(HELP);
  await ensureProject();
  const env = readSettings();
  const { default: pg } = await import('pg');
  const { examine } = await import('../libs/persistence/dist/index.js');
  const client = new pg.Client({ connectionString: env.DATABASE_URL });
  await client.connect();
  try {
    const query = async (/** @type {string} */ sql, /** @type {unknown[]} */ parameters) =>
      (await client.query(sql, parameters)).rows;
    const { scoreboard, findings } = await examine({ query: /** @type {any} */ (query) });
    const waiting = await parked(env);
    if (values.json) console.log(JSON.stringify({ scoreboard, findings, parked: waiting }));
    else report(scoreboard, findings, waiting);
    if (findings.length > 0) process.exitCode = 1;
  } finally {
    await client.end();
  }
});

/**
 * @param {object} scoreboard
 * @param {readonly { rule: string, count: number, examples: readonly string[] }[]} findings
 * @param {readonly { queue: string, messages: number }[]} waiting
 */
function report(scoreboard, findings, waiting) {
  console.log(
    Object.entries(scoreboard)
      .map(([name, count]) => `${name} ${count}`)
      .join('  '),
  );
  for (const { rule, count, examples } of findings)
    console.log(`BROKEN  ${rule}: ${count}, such as ${examples.join(', ')}`);
  for (const { queue, messages } of waiting) console.log(`look at  ${messages} messages in ${queue}`);
  if (findings.length === 0) console.log('Nothing is wrong with the records.');
}
