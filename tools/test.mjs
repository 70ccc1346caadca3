// npm test: everything that is needed, then every test. Arguments go to vitest: npm test -- --project unit
import { prepare } from './lib/prepare.mjs';
import { toStdout } from './lib/progress.mjs';
import { runNodeTool } from './lib/node-tool.mjs';
import { runMain } from './lib/tool-error.mjs';

runMain(async () => {
  await prepare({ progress: toStdout });
  process.exitCode = await runNodeTool('vitest/vitest.mjs', ['run', ...process.argv.slice(2)]);
});
