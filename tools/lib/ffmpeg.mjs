import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { hasDebian, unpackDebian } from './debian.mjs';
import { defaultDataDir, isExecutable, which, writeFileAtomic } from './paths.mjs';
import { silent } from './progress.mjs';
import { tryRun } from './run.mjs';
import { messageOf, ToolError } from './tool-error.mjs';

/** @typedef {{ progress?: import('./progress.mjs').Progress }} ResolveOptions */

/** Where scripts for unpacked programs go. */
const binDir = join(defaultDataDir, 'bin');

const INSTALL_HINT = 'install ffmpeg (it brings ffprobe) and put it on PATH, or set FFMPEG_PATH and FFPROBE_PATH';

/**
 * Finds ffmpeg and ffprobe: from FFMPEG_PATH and FFPROBE_PATH, from the npm package ffmpeg-static, on PATH, or else
 * unpacked from Debian's package behind scripts in `.reelay/bin`.
 * @param {ResolveOptions} [options]
 * @returns {Promise<{ ffmpeg: string, ffprobe: string }>} absolute paths
 * @throws {ToolError} when there is none, saying what to install
 */
export async function resolveFfmpeg({ progress = silent } = {}) {
  const ffmpeg = (await given('FFMPEG_PATH')) ?? (await findStatic()) ?? which('ffmpeg');
  const ffprobe = (await given('FFPROBE_PATH')) ?? (await besideGiven()) ?? which('ffprobe');
  if (ffmpeg && ffprobe) return { ffmpeg, ffprobe };
  const unpacked = await unpackWithWrappers('ffmpeg', ['ffmpeg', 'ffprobe'], progress).catch((error) => {
    throw new ToolError(`${ffmpeg ? 'ffprobe' : 'ffmpeg'} was not found. ${messageOf(error)}`, { hint: INSTALL_HINT });
  });
  return { ffmpeg: ffmpeg ?? unpacked('ffmpeg'), ffprobe: ffprobe ?? unpacked('ffprobe') };
}

/**
 * Finds bubblewrap, the sandbox for work on untrusted media: on PATH, or else unpacked from Debian's package.
 * @param {ResolveOptions} [options]
 * @returns {Promise<string | null>} null when it cannot be had, or the system does not let it work
 */
export async function resolveBubblewrap({ progress = silent } = {}) {
  const onPath = which('bwrap');
  if (onPath) return (await canSandbox(onPath)) ? onPath : null;
  if (!hasDebian()) return null;
  try {
    const bwrap = (await unpackWithWrappers('bubblewrap', ['bwrap'], progress))('bwrap');
    return (await canSandbox(bwrap)) ? bwrap : null;
  } catch {
    return null;
  }
}

/** @param {'FFMPEG_PATH' | 'FFPROBE_PATH'} name */
async function given(name) {
  const path = process.env[name];
  // Our own scripts' paths get there from `.reelay/env`; they are made again when they are gone.
  if (!path || dirname(path) === binDir) return undefined;
  if (await works(path)) return path;
  throw new ToolError(`${name} names a program that does not run.`, { hint: `mend or unset ${name}` });
}

/** The ffprobe that lies beside FFMPEG_PATH. */
async function besideGiven() {
  const beside = dirname(process.env.FFMPEG_PATH ?? '');
  const path = join(beside, 'ffprobe');
  return beside.startsWith('/') && beside !== binDir && (await works(path)) ? path : undefined;
}

/** The npm package may be absent, or name a file that its install script never fetched. */
async function findStatic() {
  try {
    const path = createRequire(import.meta.url)('ffmpeg-static');
    return typeof path === 'string' && existsSync(path) && (await works(path)) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} program */
const works = async (program) =>
  isExecutable(program) && (await tryRun(program, ['-version'], { timeoutMs: 15_000 })).code === 0;

/** @param {string} bwrap */
const canSandbox = async (bwrap) =>
  (await tryRun(bwrap, ['--ro-bind', '/', '/', '--unshare-net', 'true'], { timeoutMs: 15_000 })).code === 0;

/**
 * Puts a script in `.reelay/bin` for each program, so that nobody else needs to know its libraries' folders.
 * @param {string} debianPackage
 * @param {readonly string[]} programs
 * @param {import('./progress.mjs').Progress} progress
 */
async function unpackWithWrappers(debianPackage, programs, progress) {
  const { root, libraryPath } = await unpackDebian(debianPackage, [debianPackage], { progress });
  mkdirSync(binDir, { recursive: true });
  for (const program of programs) {
    const script = `#!/bin/sh
LD_LIBRARY_PATH=${shellQuote(libraryPath)}
export LD_LIBRARY_PATH
exec ${shellQuote(join(root, 'usr', 'bin', program))} "$@"
`;
    writeFileAtomic(join(binDir, program), script, 0o755);
  }
  return (/** @type {string} */ program) => join(binDir, program);
}

/**
 * Quotes a text for sh.
 * @param {string} text
 */
export const shellQuote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
