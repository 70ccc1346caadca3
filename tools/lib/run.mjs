import { spawn } from 'node:child_process';
import { ToolError } from './tool-error.mjs';

/** Characters of output kept of a command, from its end; enough for a compiler's list of errors. */
const OUTPUT_LIMIT = 64 * 1024;

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] default: this process's
 * @property {number} [timeoutMs] default: 10 minutes
 * @property {string} [hint] what to do when it fails
 * @property {number} [uid]
 * @property {number} [gid]
 *
 * @typedef {{ code: number | null, stdout: string, stderr: string, missing: boolean }} RunResult
 */

/**
 * Runs a command without a shell and waits for its end, whatever its exit code.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>} `missing` when there is no such program; outputs are cut to their last 64 Ki characters
 */
export function tryRun(command, args, { cwd, env, timeoutMs = 600_000, uid, gid } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      cwd,
      env,
      uid,
      gid,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const stdout = collectTail(child.stdout);
    const stderr = collectTail(child.stderr);
    child.once('error', (error) => {
      resolve({ code: null, stdout: '', stderr: error.message, missing: 'code' in error && error.code === 'ENOENT' });
    });
    child.once('close', (code) => resolve({ code, stdout: stdout(), stderr: stderr(), missing: false }));
  });
}

/**
 * Runs a command without a shell; an exit code other than 0 is an error that quotes the end of its output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<string>} what it wrote to standard output
 * @throws {ToolError}
 */
export async function run(command, args, options = {}) {
  const result = await tryRun(command, args, options);
  if (result.code === 0) return result.stdout;
  const how = result.code === null ? 'could not be run, or took too long' : `failed with exit code ${result.code}`;
  const output = excerpt(`${result.stdout}\n${result.stderr}`);
  throw new ToolError(`${[command, ...args].join(' ')} ${how}:\n${output}`, { hint: options.hint });
}

/** The beginning and the end of a long output: either may hold the cause. @param {string} text */
function excerpt(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.length > 30 ? [...lines.slice(0, 8), '[...]', ...lines.slice(-20)] : lines).join('\n');
}

/**
 * The last lines of a text that are not empty.
 * @param {string} text
 * @param {number} count
 * @returns {string}
 */
export const lastLines = (text, count) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');

/** @param {import('node:stream').Readable} stream */
function collectTail(stream) {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk) => {
    text = (text + chunk).slice(-OUTPUT_LIMIT);
  });
  return () => text;
}
