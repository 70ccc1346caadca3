import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BackendConfig } from '../config.js';

const TOKEN_BYTES = 32;
const MIN_TOKEN_LENGTH = 32;

/** The one token that may do everything. Only its hash is kept in memory. */
export class AdminToken {
  private readonly hash: Buffer;

  constructor(token: string) {
    this.hash = sha256(token);
  }

  /** Compares in constant time. */
  matches(given: string): boolean {
    return timingSafeEqual(sha256(given), this.hash);
  }

  /** A key that goes with the token: all backends of one token have the same, and another token another. */
  keyFor(purpose: string): Buffer {
    return createHmac('sha256', this.hash).update(purpose).digest();
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * The token from the settings; else the one in the token file; else a new one, which is written there
 * for its owner alone. Backends that start together agree on the one that was written first.
 * @throws {Error} when the file holds something too short to be a token
 */
export async function loadAdminToken(config: BackendConfig): Promise<AdminToken> {
  if (config.adminToken !== undefined) return new AdminToken(config.adminToken);
  const file = config.adminTokenFile;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 }).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    },
  );
  const token = (await readFile(file, 'utf8')).trim();
  if (token.length < MIN_TOKEN_LENGTH) {
    throw new Error(
      `ADMIN_TOKEN_FILE (${file}) holds less than ${String(MIN_TOKEN_LENGTH)} characters; remove it to have one made`,
    );
  }
  return new AdminToken(token);
}
