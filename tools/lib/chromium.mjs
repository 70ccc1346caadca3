import { join } from 'node:path';
import { unpackDebian } from './debian.mjs';
import { isExecutable, which } from './paths.mjs';
import { silent } from './progress.mjs';
import { tryRun } from './run.mjs';
import { messageOf, ToolError } from './tool-error.mjs';

const INSTALL_HINT = 'install chromium and put it on PATH, or set CHROMIUM_PATH';

/** The names that browsers of this kind have. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * A headless browser for tests of players: from CHROMIUM_PATH, on PATH, or else unpacked from Debian's package.
 * @param {{ progress?: import('./progress.mjs').Progress }} [options]
 * @returns {Promise<{ program: string, env: Record<string, string> }>} what it needs beside the usual environment
 * @throws {ToolError} when there is none, saying what to install
 */
export async function resolveChromium({ progress = silent } = {}) {
  const given = process.env.CHROMIUM_PATH;
  if (given) {
    if (await works(given)) return { program: given, env: {} };
    throw new ToolError('CHROMIUM_PATH names a program that does not run.', { hint: 'mend or unset CHROMIUM_PATH' });
  }
  for (const found of NAMES.map((name) => which(name))) {
    if (found && (await works(found))) return { program: found, env: {} };
  }
  const { root, libraryPath } = await unpackDebian('chromium', ['chromium'], { progress }).catch((error) => {
    throw new ToolError(`chromium was not found. ${messageOf(error)}`, { hint: INSTALL_HINT });
  });
  // Debian's own script would look for its settings where it was not installed.
  return { program: join(root, 'usr', 'lib', 'chromium', 'chromium'), env: { LD_LIBRARY_PATH: libraryPath } };
}

/** @param {string} program */
const works = async (program) =>
  isExecutable(program) && (await tryRun(program, ['--version'], { timeoutMs: 15_000 })).code === 0;
