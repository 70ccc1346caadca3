import { createHash, randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const repoRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where `npm run up` keeps its state, and where downloads are kept for every stack of this checkout. */
export const defaultDataDir = join(repoRoot, '.reelay');

/** Whether this process runs as root. */
export const isRoot = process.getuid?.() === 0;

/**
 * Makes a folder that other users cannot read. Root's may be passed through, as its PostgreSQL runs as another user.
 * @param {string} dir
 * @returns {string} the same folder
 */
export function ensurePrivateDir(dir) {
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, isRoot ? 0o711 : 0o700);
  return dir;
}

/**
 * Replaces a file in one step, so that no reader ever sees half of it.
 * @param {string} file
 * @param {string} content
 * @param {number} [mode] default: only the owner may read it
 */
export function writeFileAtomic(file, content, mode = 0o600) {
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, content, { mode });
    chmodSync(temporary, mode);
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * The content of a JSON file, or undefined when it is absent or damaged.
 * @param {string} file
 * @returns {any}
 */
export function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * A random secret kept in a private file: read if it is there, else made.
 * @param {string} file
 * @returns {string} 48 hexadecimal digits, unless the file held something else
 */
export function readOrCreateSecret(file) {
  if (!existsSync(file)) writeFileAtomic(file, `${randomBytes(24).toString('hex')}\n`);
  return readFileSync(file, 'utf8').trim();
}

/**
 * A short name that belongs to one path.
 * @param {string} path
 * @returns {string} 12 hexadecimal digits
 */
export const pathHash = (path) => createHash('sha256').update(path).digest('hex').slice(0, 12);

/**
 * Finds a program on PATH.
 * @param {string} name
 * @returns {string | undefined} its absolute path
 */
export function which(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((dir) => dir.startsWith('/'))
    .map((dir) => join(dir, name))
    .find(isExecutable);
}

/**
 * Whether a path is a file that this user may run.
 * @param {string} file
 * @returns {boolean}
 */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
