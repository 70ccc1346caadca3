import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { repoRoot } from '../../tools/lib/paths.mjs';
import { ablationEnv } from '../support/ablation.js';

/** A test that is to find out that this part of the product does not do its work. */
interface Case {
  readonly ablation: string;
  readonly file: string;
  readonly title: string;
}

const CASES: readonly Case[] = [
  {
    ablation: 'attempt-guard',
    file: 'test/integration/store-lifecycle.test.ts',
    title: 'that was taken from an attempt which goes on is not changed by what that one says',
  },
  {
    ablation: 'confirm',
    file: 'test/integration/messaging.test.ts',
    title: 'fails when the connection is cut before the confirm, for every message under way',
  },
  {
    ablation: 'verification',
    file: 'test/integration/processors.test.ts',
    title: 'an encode of a film that breaks off is not completed, though ffmpeg sees no fault',
  },
];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-ablation-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What of vitest's JSON report is looked at. */
interface Report {
  readonly testResults: readonly {
    /** Of the whole file: set when it could not be loaded. */
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs one test without a part of the product, in a vitest of its own on the servers of this one. */
async function runWithout({ ablation, file, title }: Case): Promise<{ code: number | null; report: Report }> {
  const reportFile = join(folder, 'report.json');
  await rm(reportFile, { force: true });
  const args = [
    'run',
    '--project',
    'system',
    '--project',
    'faults',
    file,
    '-t',
    title,
    '--reporter',
    'json',
    '--outputFile',
    reportFile,
  ];
  const child = spawn(process.execPath, [join(repoRoot, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: repoRoot,
    stdio: 'ignore',
    env: {
      ...process.env,
      TEST_POSTGRES_URL: inject('postgresUrl'),
      TEST_AMQP_URL: inject('amqpUrl'),
      TEST_MANAGEMENT_URL: inject('managementUrl'),
      ...ablationEnv(ablation),
    },
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  return { code, report: JSON.parse(await readFile(reportFile, 'utf8')) as Report };
}

// That each of them is green with the whole product is seen where it stands.
describe('the tests', () => {
  it.each(CASES)('turn red without the $ablation', async (which) => {
    const { code, report } = await runWithout(which);
    // It was loaded and ran, and what it found is not what it expects.
    expect(report.testResults.map(({ message }) => message)).toEqual(['']);
    const ran = report.testResults[0]!.assertionResults.filter(({ status }) => status !== 'skipped');
    expect(ran.map(({ title, status }) => [title, status])).toEqual([[which.title, 'failed']]);
    expect(ran[0]!.failureMessages.every((why) => why.startsWith('AssertionError'))).toBe(true);
    expect(code).toBe(1);
  });

  it('are told of a change that does not fit the code any more', async () => {
    const { ablated } = await import('../support/ablations.mjs');
    const file = join(repoRoot, 'libs/media/dist/verify.js');
    expect(() => ablated('verification', file, 'nothing of the kind')).toThrow('0 times, not once');
    expect(() => ablated('everything', file, '')).toThrow('there is no ablation');
  });
});
