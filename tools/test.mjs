// npm test: everything that is needed, then every test. Arguments go to vitest: npm test -- --project unit
import { resolveChromium } from './lib/chromium.mjs';
import { prepare } from './lib/prepare.mjs';
import { toStdout } from './lib/progress.mjs';
import { runNodeTool } from './lib/node-tool.mjs';
import { runMain } from './lib/tool-error.mjs';

runMain(async () => {
  await prepare({ progress: toStdout });
  // Only tests of players need it. Where it cannot be had, they say so themselves.
  if (!process.argv.includes('unit')) await resolveChromium({ progress: toStdout }).catch(() => undefined);
  process.exitCode = await runNodeTool('vitest/vitest.mjs', ['run', ...process.argv.slice(2)]);
});
