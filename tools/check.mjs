// npm run check: format, lint, types, import rules, dead code, drift of generated files. Quick; starts nothing.
import { cruiseCount } from './lib/cruise-count.mjs';
import { runNodeTool } from './lib/node-tool.mjs';
import { toStdout } from './lib/progress.mjs';
import { ensureProject } from './lib/project.mjs';
import { runMain, ToolError } from './lib/tool-error.mjs';

const SOURCES = ['libs/*/src', 'apps/*/src'];

/** @type {[string, string, string[]][]} what is checked, and the program that does it */
const CHECKS = [
  ['format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']],
  ['types of tests', 'typescript/bin/tsc', ['-p', 'tsconfig.test.json']],
  ['types of tools', 'typescript/bin/tsc', ['-p', 'tsconfig.tools.json']],
  ['lint', 'eslint/bin/eslint.js', ['.', '--max-warnings', '0']],
  ['import rules', 'dependency-cruiser/bin/dependency-cruise.mjs', [...SOURCES, '--config', '.dependency-cruiser.cjs']],
  ['dead code', 'knip/bin/knip.js', []],
];

runMain(async () => {
  await ensureProject({ progress: toStdout });
  const failed = [];
  for (const [name, program, args] of CHECKS) {
    const startedAt = performance.now();
    const code = await runNodeTool(program, args);
    console.log(
      `${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`,
    );
    if (code !== 0) failed.push(name);
  }
  if ((await cruiseCount(SOURCES)) === 0) {
    failed.push('import rules (no module was read, so they proved nothing)');
  }
  // Generators load the compiled code: they come last, when it is known to be sound.
  const drift = await runNodeTool('../tools/generate.mjs', ['--check']);
  if (drift !== 0) failed.push('generated files');
  if (failed.length === 0) return;
  const hint = failed.includes('format')
    ? 'npm run format mends the formatting'
    : 'mend what is said above, then try again';
  throw new ToolError(`Failed: ${failed.join(', ')}.`, { hint });
});
