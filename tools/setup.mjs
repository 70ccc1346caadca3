// npm run setup: makes this checkout ready to run, and shows what will be used.
import { parseArgs } from 'node:util';
import { prepare } from './lib/prepare.mjs';
import { toStderr, toStdout } from './lib/progress.mjs';
import { runMain } from './lib/tool-error.mjs';

const HELP = `npm run setup [-- --json]

Installs npm's packages, compiles, and finds or downloads RabbitMQ, ffmpeg, bubblewrap and a sample video.
Quick when there is nothing to do. Nothing is installed outside this folder.
  --json   print the table as JSON (progress goes to standard error)
`;

runMain(async () => {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(HELP);
  const table = await prepare({ progress: values.json ? toStderr : toStdout });
  if (values.json) return void process.stdout.write(`${JSON.stringify(table, null, 2)}\n`);
  const widths = [
    Math.max(...table.map((row) => row.part.length)),
    Math.max(...table.map((row) => row.version.length)),
  ];
  for (const { part, version, from } of table) {
    process.stdout.write(`  ${part.padEnd(widths[0] ?? 0)}  ${version.padEnd(widths[1] ?? 0)}  ${from}\n`);
  }
});
