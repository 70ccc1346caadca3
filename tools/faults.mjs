// npm run faults: the tests that kill, cut and restart. Arguments go to vitest.
import { runNodeTool } from './lib/node-tool.mjs';
import { prepare } from './lib/prepare.mjs';
import { toStdout } from './lib/progress.mjs';
import { runMain } from './lib/tool-error.mjs';

runMain(async () => {
  await prepare({ progress: toStdout });
  // The whole storm, unless somebody asks for another.
  process.env.FAULT_JOBS ??= '10000';
  process.env.FAULT_COUNT ??= '20';
  const args = ['run', '--project', 'system', 'test/faults', ...process.argv.slice(2)];
  process.exitCode = await runNodeTool('vitest/vitest.mjs', args);
});
