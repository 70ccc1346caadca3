// npm run doctor: looks for what should never be in a running Reelay: records, queues, files, processes, outputs.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { inspect } from './lib/oracle.mjs';
import { defaultDataDir } from './lib/paths.mjs';
import { ensureProject } from './lib/project.mjs';
import { readEnvFile, stackFiles } from './lib/stack-files.mjs';
import { runMain, ToolError } from './lib/tool-error.mjs';

const HELP = `npm run doctor [-- --json] [-- --outputs N]

Examines the stack that npm run up started; or, with DATABASE_URL set, any other as far as it is told:
  DATABASE_URL                     its records
  RABBITMQ_MANAGEMENT_URL, _USER and _PASSWORD, and AMQP_URL for the virtual host: its queues
  MEDIA_ROOT, MEDIA_LINKS, FFPROBE_PATH   its files, processes and outputs
  WORK_DIR                         the private folders of its workers, separated by colons
Exits 0 when it finds nothing wrong, else 1 with what is wrong and what shows it.
  --outputs N   look at the outputs of the newest N completed jobs (200); 0 for none
  --json        print { scoreboard, findings, parked, leftOut } on one line
`;

runMain(async () => {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, outputs: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) return void process.stdout.write(HELP);
  const place = placeFrom(readSettings(), readOutputs(values.outputs));
  await ensureProject();
  const inspection = await inspect(place);
  if (values.json) console.log(JSON.stringify(inspection));
  else report(inspection);
  if (inspection.findings.length > 0) process.exitCode = 1;
});

/** @returns {Record<string, string | undefined>} */
function readSettings() {
  const { env: file, work } = stackFiles(defaultDataDir);
  const own = existsSync(file) ? readEnvFile(file) : undefined;
  const given = process.env.DATABASE_URL;
  // Who has sourced `.reelay/env` means that stack too, whose work folders are not in it.
  if (own && (!given || given === own.DATABASE_URL)) return { WORK_DIR: work, ...own };
  if (given) return process.env;
  throw new ToolError('There is no stack to examine.', { hint: 'npm run up, or set DATABASE_URL' });
}

/** @param {string | undefined} text */
function readOutputs(text) {
  if (text === undefined || /^\d{1,6}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new ToolError('--outputs takes a whole number.', { hint: 'npm run doctor -- --help' });
}

/**
 * @param {Record<string, string | undefined>} env
 * @param {number | undefined} outputs
 * @returns {import('./lib/oracle.mjs').Place}
 */
function placeFrom(env, outputs) {
  const { RABBITMQ_MANAGEMENT_URL: url, RABBITMQ_MANAGEMENT_USER: user, RABBITMQ_MANAGEMENT_PASSWORD: password } = env;
  return {
    databaseUrl: env.DATABASE_URL ?? '',
    management: url && user && password ? { url, user, password, vhost: vhostOf(env.AMQP_URL) } : undefined,
    mediaRoot: env.MEDIA_ROOT || undefined,
    mediaLinks: (env.MEDIA_LINKS ?? '').split(',').filter(Boolean),
    workDirs: (env.WORK_DIR ?? '').split(':').filter(Boolean),
    ffprobe: env.FFPROBE_PATH || undefined,
    outputs,
  };
}

/** A URL without a path means the usual virtual host. @param {string | undefined} amqpUrl */
function vhostOf(amqpUrl) {
  const path = amqpUrl && URL.canParse(amqpUrl) ? new URL(amqpUrl).pathname.slice(1) : '';
  return decodeURIComponent(path) || '/';
}

/** @param {import('./lib/oracle.mjs').Inspection} inspection */
function report({ scoreboard, findings, parked, leftOut }) {
  console.log(
    Object.entries(scoreboard)
      .map(([name, count]) => `${name} ${count}`)
      .join('  '),
  );
  for (const { rule, count, examples } of findings)
    console.log(`BROKEN    ${rule}: ${count}, such as ${examples.join(', ')}`);
  for (const { queue, messages } of parked) console.log(`look at   ${messages} messages in ${queue}`);
  for (const what of leftOut) console.log(`left out  ${what}`);
  if (findings.length === 0) console.log('Nothing is wrong.');
}
