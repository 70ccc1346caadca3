import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repoRoot } from './paths.mjs';

/** What a shell reports for a program that a signal ended: 128 and the signal's number; the usual one stands for all. */
const ENDED_BY_SIGNAL = 130;

/**
 * Runs a program of an installed npm package in the repository, with this terminal as its own.
 * @param {string} program its file below node_modules
 * @param {readonly string[]} args
 * @returns {Promise<number>} its exit code
 */
export function runNodeTool(program, args) {
  const child = spawn(process.execPath, [join(repoRoot, 'node_modules', program), ...args], {
    cwd: repoRoot,
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? ENDED_BY_SIGNAL));
  });
}
