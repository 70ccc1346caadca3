// npm run bench: figures as JSON lines, each beside a reference that ran on the same broker and database.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BENCHES } from '../test/bench/benches.mjs';
import { defaultDataDir } from './lib/paths.mjs';
import { prepare } from './lib/prepare.mjs';
import { toStderr } from './lib/progress.mjs';
import { runMain, ToolError } from './lib/tool-error.mjs';

const HELP = `npm run bench [-- --only NAME,NAME]

Measures Reelay beside a reference on the same broker and database, in the same run.
Prints JSON lines to standard output, one for each figure, and progress to standard error.
  --only NAME   one or several of the measurements below, with commas between them
  --samples N   jobs to time, one after the other (default 300)
  --jobs N      jobs of each run under load (default 5000)
  --seconds N   how long jobs are submitted at a steady pace (default 10)
  --files N     files of a folder that is scanned (default 10000)

${BENCHES.map(({ name, what }) => `  ${name.padEnd(14)}${what}`).join('\n')}
`;

runMain(async () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      samples: { type: 'string', default: '300' },
      jobs: { type: 'string', default: '5000' },
      seconds: { type: 'string', default: '10' },
      files: { type: 'string', default: '10000' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const asked = values.only?.split(',');
  const unknown = asked?.find((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown !== undefined) {
    const hint = `choose from ${BENCHES.map(({ name }) => name).join(', ')}`;
    throw new ToolError(`There is no measurement ${unknown}.`, { hint });
  }
  const chosen = BENCHES.filter(({ name }) => asked === undefined || asked.includes(name));
  await prepare({ progress: toStderr });
  const { samples, jobs, seconds, files } = values;
  const sizes = { samples: Number(samples), jobs: Number(jobs), seconds: Number(seconds), files: Number(files) };
  const { withBenchStack } = await import('../test/bench/bench-stack.mjs');
  await withBenchStack(join(defaultDataDir, 'bench'), async (servers) => {
    const context = { ...servers, ...sizes };
    for (const { name, load } of chosen) {
      await toStderr.step(`Measuring ${name}`, async () => {
        const { measure } = await load();
        for (const figure of await measure(context)) console.log(JSON.stringify(figure));
      });
    }
  });
});
