import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repoRoot } from '../../tools/lib/paths.mjs';
import { eventually } from '../support/eventually.js';
import { addSample } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

const run = promisify(execFile);

let reelay: Reelay;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-guide-'));
  // The other disk of the guide to the library.
  const disk = join(folder, 'disk');
  await mkdir(disk);
  reelay = await startReelay({ replicas: { 'worker-library': 1, 'worker-encode': 1 }, env: { MEDIA_LINKS: disk } });
  await addSample(reelay.mediaRoot);
  await eventually('the workers are announced', async () => (await reelay.api.workers()).length === 2);
});
afterAll(async () => {
  await reelay.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The commands of a guide, as one script that ends at the first that fails. */
async function commandsOf(guide: string): Promise<string> {
  const text = await readFile(join(repoRoot, guide), 'utf8');
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
  // What the guide sources is made by `npm run up`; here the stack's own file stands in.
  return ['set -euo pipefail', ...blocks].join('\n').replaceAll('.reelay/env', join(folder, 'env'));
}

/** Each guide, and the fewest answers in one line of JSON that its commands give. */
it.each([
  ['docs/jobs-api.md', 25],
  ['docs/notifications.md', 4],
  ['docs/library.md', 11],
  ['docs/workflows.md', 8],
  ['docs/packaging.md', 0],
])('every command of %s works as it stands there', async (guide, least) => {
  const script = join(folder, 'guide.sh');
  const env = Object.entries(reelay.stack.env).map(([name, value]) => `${name}='${value}'`);
  await writeFile(join(folder, 'env'), env.join('\n'));
  // A command that the API refuses is one that does not work.
  const commands = (await commandsOf(guide)).replace('curl -sS', 'curl -sS --fail-with-body');
  await writeFile(script, commands);
  const { stdout } = await run('bash', ['-x', script], { cwd: repoRoot });
  const answers = stdout.split('\n').filter((line) => line.startsWith('{'));
  expect(answers.length).toBeGreaterThan(least);
  expect(answers.filter((answer) => answer.includes('"type":"urn:reelay:problem'))).toEqual([]);
});
