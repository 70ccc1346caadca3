// npm run down: stops everything that npm run up started.
import { parseArgs } from 'node:util';
import { defaultDataDir } from './lib/paths.mjs';
import { stopStack } from './lib/supervisor.mjs';
import { runMain } from './lib/tool-error.mjs';

const HELP = `npm run down [-- --json]

Stops everything that npm run up started. Workers may first end what they are doing (65 s at most). Data are kept.
`;

runMain(async () => {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(HELP);
  const start = performance.now();
  const status = await stopStack(defaultDataDir);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (values.json) return void process.stdout.write(`${JSON.stringify({ status })}\n`);
  const lines = {
    stopped: `Stopped in ${seconds} s.`,
    cleaned: 'Its supervisor was dead; what it had left running is stopped now.',
    'not running': 'Reelay is not running.',
  };
  process.stdout.write(`${lines[status]}\n`);
});
