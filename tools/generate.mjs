// Writes what is generated from the code: `npm run generate`. With --check it writes nothing and fails on drift.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { definitionsJson } from './generators/definitions.mjs';
import { jobTypesPage } from './generators/job-types.mjs';
import { lifecyclePage } from './generators/lifecycle.mjs';
import { openApiJson } from './generators/openapi.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Each generated file with what makes it. */
const GENERATED = /** @type {const} */ ([
  ['rabbitmq/definitions.json', definitionsJson],
  ['docs/openapi.json', openApiJson],
  ['docs/job-types.md', jobTypesPage],
  ['docs/lifecycle.md', lifecyclePage],
]);

/** @param {string} file */
function readOrEmpty(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const check = process.argv.includes('--check');
const stale = [];
for (const [name, make] of GENERATED) {
  const file = join(root, name);
  const text = await make();
  if (readOrEmpty(file) === text) continue;
  stale.push(name);
  if (!check) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
if (check && stale.length > 0) {
  console.error(`out of date: ${stale.join(', ')}; run "npm run generate" and commit what it writes`);
  process.exit(1);
}
console.log(stale.length > 0 ? `wrote ${stale.join(', ')}` : `${GENERATED.length} generated files are up to date`);
