import { fork } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeStackData } from '../../tools/lib/stack-files.mjs';
import { eventually } from '../support/eventually.js';
import { isAlive } from '../support/process-tree.js';

interface Entry {
  readonly role: string;
  readonly pid: number;
}

it('a stack whose starter is killed leaves no process behind, epmd included', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'reelay-left-'));
  const starter = fork(join(import.meta.dirname, '../support/stack-runner.mjs'), [dataDir]);
  try {
    const processes = await new Promise<Entry[]>((resolve, reject) => {
      starter.once('message', (message) => {
        resolve(message as Entry[]);
      });
      starter.once('exit', (code) => {
        reject(new Error(`the starter ended with ${String(code)}`));
      });
    });
    expect(processes.map(({ role }) => role).sort()).toEqual([
      'backend',
      'epmd',
      'postgres',
      'rabbitmq',
      'worker-library',
    ]);
    starter.kill('SIGKILL');
    await eventually('every process is gone', async () => {
      const left = await Promise.all(processes.map(async (entry) => ((await isAlive(entry.pid)) ? [entry] : [])));
      return left.flat().length === 0;
    });
  } finally {
    starter.kill('SIGKILL');
    removeStackData(dataDir);
  }
});
