import { accessSync, constants, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { isOfSystem } from './sandbox.js';

/** Longest start script that is read, in bytes; what is larger is a program. */
const MAX_SCRIPT_BYTES = 64 * 1024;

/** Scripts that start scripts are followed this far. */
const MAX_DEPTH = 4;

/**
 * What a program needs of the disk to start, besides the system's folders: its own folder, the libraries beside that,
 * and where it is a script, what that names: further programs, and folders of libraries.
 * @param libraryPath as LD_LIBRARY_PATH has it
 */
export function programFiles(program: string, libraryPath?: string): string[] {
  const found = new Set<string>();
  for (const folder of (libraryPath ?? '').split(delimiter)) addLibraries(folder, found);
  addProgram(program, found, MAX_DEPTH);
  return [...found].sort();
}

/** The absolute paths in a script of the shell, quoted or not, and those of lists such as LD_LIBRARY_PATH. */
export function pathsIn(script: string): string[] {
  const words = [...script.matchAll(/'([^']*)'|"([^"]*)"|([^\s'";=]+)/g)].map(([, ...kinds]) => kinds.find(Boolean));
  return words.flatMap((word) => (word ?? '').split(delimiter)).filter((path) => /^\/[^/]/.test(path));
}

function addProgram(path: string, found: Set<string>, depth: number): void {
  if (depth === 0 || !isProgram(path)) return;
  const real = realpathSync(path);
  for (const each of [path, real]) {
    const folder = dirname(each);
    if (!isOfSystem(folder)) found.add(folder);
  }
  for (const name of ['lib', 'lib64']) addLibraries(join(dirname(real), '..', name), found);
  for (const named of pathsIn(scriptText(real))) {
    addProgram(named, found, depth - 1);
    addLibraries(named, found);
  }
}

/** A folder that holds shared libraries. */
function addLibraries(folder: string, found: Set<string>): void {
  if (folder === '' || isOfSystem(folder) || !existsSync(folder) || !statSync(folder).isDirectory()) return;
  if (readdirSync(folder).some((name) => /\.so(\.|$)/.test(name))) found.add(realpathSync(folder)).add(folder);
}

function scriptText(file: string): string {
  if (statSync(file).size > MAX_SCRIPT_BYTES) return '';
  const text = readFileSync(file, 'utf8');
  return text.startsWith('#!') ? text : '';
}

/** Whether a path names a program that may be run. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
